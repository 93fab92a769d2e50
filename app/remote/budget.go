package remote

import "sync"

// budget lets a tenth of the calls be asked again: each call earns a tenth of a retry, of which ten are saved at most.
// So a service that fails is never asked more than 1.1 times as often as its callers are.
type budget struct {
	mu     sync.Mutex
	tenths int
}

const (
	retryCost = 10
	mostSaved = 10 * retryCost
)

// earn notes a call.
func (b *budget) earn() {
	b.mu.Lock()
	b.tenths = min(b.tenths+1, mostSaved)
	b.mu.Unlock()
}

// spend takes a retry from the budget; false where it has none.
func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tenths < retryCost {
		return false
	}
	b.tenths -= retryCost
	return true
}
