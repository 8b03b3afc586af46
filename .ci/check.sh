#!/usr/bin/env bash
# Reads the Go code without running it: format, vet, staticcheck and, where its
# database can be reached, govulncheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2
readonly govulncheck=golang.org/x/vuln/cmd/govulncheck@v1.9.0

check_format() {
  local unformatted
  unformatted=$(go list -f '{{.Dir}}' ./... | xargs gofmt -l)
  if [[ -n $unformatted ]]; then
    printf 'not formatted, run gofmt -w on:\n%s\n' "$unformatted" >&2
    return 1
  fi
}

# check_vulnerabilities fails on a known vulnerability that our code calls, and
# on every fault of the tool but one: that its database is out of reach says
# nothing about the code.
check_vulnerabilities() {
  local report
  if report=$(go run "$govulncheck" ./... 2>&1); then
    echo "no known vulnerability is called"
  elif grep -q 'fetching vulnerabilities' <<<"$report"; then
    echo "not checked: the vulnerability database cannot be reached"
  else
    printf '%s\n' "$report" >&2
    return 1
  fi
}

echo "== gofmt"
check_format
echo "== go vet"
go vet ./...
echo "== staticcheck"
go run "$staticcheck" ./...
echo "== govulncheck"
check_vulnerabilities
