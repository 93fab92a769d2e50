package contract

// BoundaryProbability is how often boundary mode takes one of a field's boundary values in place of its distribution:
// half the time, so that a case has some fields at a boundary and others anywhere. Part of the determinism contract.
const BoundaryProbability = 0.5

// Aims gives how the two generators draw in boundary mode.
func (b Boundaries) Aims() (who, what Aim) {
	return aimAt(b.Who), aimAt(b.What)
}

func aimAt(fields []FieldBoundary) Aim {
	aim := Aim{Candidates: make(map[string]Candidates, len(fields))}
	for _, f := range fields {
		aim.Candidates[f.Field] = Candidates{Values: f.Values, Probability: BoundaryProbability}
	}
	return aim
}
