//go:build delivery

package delivery

import "testing"

// What provisions and what builds is well formed: ansible-lint's production profile, yamllint, the Jenkinsfile's lints.
func TestLintDelivery(t *testing.T) {
	run(t, "make", "lint-delivery")
}
