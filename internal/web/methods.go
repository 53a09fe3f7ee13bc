package web

import "net/http"

// Methods returns the handler of a mux that answers requests with a method that a path does not have by a problem. All paths that the mux
// does not have are those of its pattern "/".
func Methods(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern == "/" {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				other := r.Clone(r.Context())
				other.Method = method
				if _, pattern := mux.Handler(other); pattern != "/" && method != r.Method {
					w.Header().Set("Allow", method)
					Refuse(w, http.StatusMethodNotAllowed, "want "+method)
					return
				}
			}
		}
		mux.ServeHTTP(w, r)
	})
}
