// A self-signed certificate for 127.0.0.1 and its key, made for these tests only and trusted by nothing else:
// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=penstock-test-only -addext subjectAltName=IP:127.0.0.1
export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBoTCCAUigAwIBAgIUdc1yagVgBonIborx+O6jJFVoeFwwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwScGVuc3RvY2stdGVzdC1vbmx5MCAXDTI2MTEyMDEwMTgxNVoY
DzIxMjYxMDI3MTAxODE1WjAdMRswGQYDVQQDDBJwZW5zdG9jay10ZXN0LW9ubHkw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATDWGY9BtNbqU2r4BH8EovS/B1YeeyV
c2U9MwsGjG0ea/gZ8T5HO7S678qYUOAI/55JCapl89xJ5DhbPNRiD8pMo2QwYjAd
BgNVHQ4EFgQUEcBiqGfb3Ki+xhsQ8cMVCze3jjYwHwYDVR0jBBgwFoAUEcBiqGfb
3Ki+xhsQ8cMVCze3jjYwDwYDVR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAAB
MAoGCCqGSM49BAMCA0cAMEQCIFUqeBO7jlvp0gI0U55c9SpLCOWmu92eQCI/LdN3
K/zHAiAbTsp5k7w6BsfnZy2qeKAHFbEkiFyXLkLsmnEoxm76kg==
-----END CERTIFICATE-----
`;
export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUzEZ8u43vlxEauE6
ddp5JbBhoA5h5Y1XYB1b4CEvao6hRANCAATDWGY9BtNbqU2r4BH8EovS/B1YeeyV
c2U9MwsGjG0ea/gZ8T5HO7S678qYUOAI/55JCapl89xJ5DhbPNRiD8pM
-----END PRIVATE KEY-----
`;
