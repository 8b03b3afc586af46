package api

import "net/http"

// listInstances answers the current figures of one endpoint by instance; none
// where there is no such endpoint.
func (a *API) listInstances(r *http.Request) (any, error) {
	p := readParams(r, "job", "method", "path")
	key := p.endpoint()
	if p.err != nil {
		return nil, p.err
	}
	t := a.hub.current.Load()
	if t == nil {
		return nil, errNoSnapshot
	}
	instances := a.options.Instances(key)
	list := wireInstanceList{Timestamp: t.snap.Time.UnixMilli(), Instances: make([]wireInstance, len(instances))}
	for i := range instances {
		in := &instances[i]
		list.Instances[i] = wireInstance{in.Instance, toWireEndpoint(&in.EndpointMetrics)}
	}
	return list, nil
}
