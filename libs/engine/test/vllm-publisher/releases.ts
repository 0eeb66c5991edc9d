/** A release of vLLM whose publisher the test runs. */
export interface VllmRelease {
  readonly version: string;
  /** How it writes events. */
  readonly layout: 'arrays' | 'maps';
  /** One of its wheels: the file is the same in all of them. */
  readonly wheel: string;
  /** sha256 of `KV_EVENTS_FILE` in it. */
  readonly sha256: string;
}

export const KV_EVENTS_FILE = 'vllm/distributed/kv_events.py';

const FILES = 'https://files.pythonhosted.org/packages';

export const VLLM_RELEASES: readonly VllmRelease[] = [
  {
    version: '0.22.0',
    layout: 'arrays',
    wheel: `${FILES}/ca/23/3f7f759763fb9b4cf5787bcb4a43f74904f8e644d53d4fdb4e19654a92fd/vllm-0.22.0-cp38-abi3-manylinux_2_28_x86_64.whl`,
    sha256: '84dce79a7690dba87f1a7f408bf2daa619715f422c0ddfab9f97ec0c74c547c8',
  },
  {
    version: '0.26.0',
    layout: 'maps',
    wheel: `${FILES}/20/96/86edd288415aafc2952bbb969b5ef4e8c58e5525185b60320730276921e6/vllm-0.26.0-cp38-abi3-manylinux_2_28_x86_64.whl`,
    sha256: 'ff56f46a266f9c2a566fa8f103716018ce8e15b3411dd6bcb250ba94022f878b',
  },
  {
    version: '0.33.0',
    layout: 'maps',
    wheel: `${FILES}/8b/a8/92e278093df40fde4c4bfd6572704bb8f398d6a2280d8c82cb5efaf12047/vllm-0.33.0-cp38-abi3-manylinux_2_28_x86_64.whl`,
    sha256: '82b362a0a7f89318d9127addfce254d537f5078a31aa87beb08493b0953895ee',
  },
];
