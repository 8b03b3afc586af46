package api

import "net/http"

// listRules answers every rule and how its last evaluation went.
func (a *API) listRules(r *http.Request) (any, error) {
	if p := readParams(r); p.err != nil {
		return nil, p.err
	}
	rules := a.options.Rules.Rules()
	list := make([]wireRule, len(rules))
	for i := range rules {
		list[i] = toWireRule(&rules[i])
	}
	return list, nil
}
