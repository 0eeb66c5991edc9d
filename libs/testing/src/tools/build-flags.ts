/**
 * Arguments of `go build` besides the package and the output. Kubernetes takes its version from the linker; without it
 * the programs call themselves v0.0.0-master and clients misread them.
 *
 * @param kubernetes e.g. `v1.36.3`
 */
export function buildFlags(kubernetes: string): string[] {
  const [major, minor] = kubernetes.replace(/^v/, '').split('.');
  const values = {
    'k8s.io/component-base/version.gitVersion': kubernetes,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
    'k8s.io/component-base/version.gitTreeState': 'clean',
    'k8s.io/client-go/pkg/version.gitVersion': kubernetes,
  };
  const linked = Object.entries(values).map(([name, value]) => `-X ${name}=${value}`);
  return ['-trimpath', '-ldflags', ['-s', '-w', ...linked].join(' ')];
}

/** Environment of `go build`: static programs, exactly the versions of go.sum, no toolchain fetched behind our back. */
export const BUILD_ENVIRONMENT = {
  CGO_ENABLED: '0',
  GOFLAGS: '-mod=readonly -buildvcs=false',
  GOTOOLCHAIN: 'local',
  GOWORK: 'off',
} as const;
