package expr

import (
	"cel.dev/cel-go/common/types"

	"verdictory/policy"
)

// celType gives CEL's type for a kind; false for a kind without values.
func celType(kind, elem policy.Kind) (*types.Type, bool) {
	switch kind {
	case policy.Int:
		return types.IntType, true
	case policy.Number:
		return types.DoubleType, true
	case policy.Bool:
		return types.BoolType, true
	case policy.String:
		return types.StringType, true
	case policy.Date:
		return types.TimestampType, true
	case policy.List:
		t, ok := celType(elem, policy.Absent)
		return types.NewListType(t), ok && elem != policy.List
	}
	return nil, false
}

// kindOf gives the kind of CEL's type; Absent for one that expressions cannot give.
func kindOf(t *types.Type) policy.Kind {
	switch t.Kind() {
	case types.IntKind:
		return policy.Int
	case types.DoubleKind:
		return policy.Number
	case types.BoolKind:
		return policy.Bool
	case types.StringKind:
		return policy.String
	case types.TimestampKind:
		return policy.Date
	case types.ListKind:
		return policy.List
	}
	return policy.Absent
}

// kindWord gives the word of a type, as messages write it: int, list of texts, or list alone where it is of any.
func kindWord(t *types.Type) string {
	switch t.Kind() {
	case types.IntKind:
		return "int"
	case types.DoubleKind:
		return "number"
	case types.BoolKind:
		return "bool"
	case types.StringKind:
		return "text"
	case types.TimestampKind:
		return "date"
	}
	if elem := t.Parameters(); len(elem) == 1 && kindOf(elem[0]) != policy.Absent {
		return "list of " + plural(elem[0])
	}
	return "list"
}

func plural(t *types.Type) string {
	if t.Kind() == types.ListKind {
		return "lists"
	}
	return kindWord(t) + "s"
}
