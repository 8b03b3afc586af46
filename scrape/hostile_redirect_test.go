package scrape

import (
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/prometheus/common/config"

	"github.com/redpoll/redpoll/internal/redpoll"
)

// TestCanaryNoCredentialsFollowToAnotherHost has a target that sends its scraper
// elsewhere, for each way to have credentials.
func TestCanaryNoCredentialsFollowToAnotherHost(t *testing.T) {
	tokens := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "hunter2", "token_type": "Bearer"})
	})
	for name, set := range map[string]func(*config.HTTPClientConfig){
		"basic_auth": func(c *config.HTTPClientConfig) {
			c.BasicAuth = &config.BasicAuth{Username: "scraper", Password: "hunter2"}
		},
		"authorization": func(c *config.HTTPClientConfig) {
			c.Authorization = &config.Authorization{Type: "Bearer", Credentials: "hunter2"}
		},
		"http_headers": func(c *config.HTTPClientConfig) {
			c.HTTPHeaders = &config.Headers{Headers: map[string]config.Header{"X-Api-Key": {Secrets: []config.Secret{"hunter2"}}}}
		},
		"oauth2": func(c *config.HTTPClientConfig) {
			c.OAuth2 = &config.OAuth2{ClientID: "scraper", ClientSecret: "hunter2", TokenURL: "http://" + tokens + "/token"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			thief := serve(t, func(w http.ResponseWriter, r *http.Request) {
				t.Errorf("the other host was asked, with %v", r.Header)
				_, _ = io.WriteString(w, "a 1\n")
			})
			var asked atomic.Int32
			victim := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" || r.Header.Get("X-Api-Key") == "hunter2" {
					asked.Add(1)
				}
				http.Redirect(w, r, "http://"+thief+"/metrics", http.StatusTemporaryRedirect)
			})
			wantFailure(t, victim, func(c *JobConfig) { set(&c.HTTPClientConfig) }, badRedirect,
				"redirects to http://"+thief+", and credentials do not follow to another host; make that the target")
			if asked.Load() != 1 {
				t.Errorf("the target itself was asked %d times with credentials", asked.Load())
			}
		})
	}
}

func TestFastWithoutCredentialsARedirectToAnotherHostIsFollowed(t *testing.T) {
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if from := r.Header.Get("Referer"); from != "" {
			t.Errorf("the other host is told of %s, whose parameters may be secret", from)
		}
		_, _ = io.WriteString(w, "a 1\n")
	})
	status := scrapeOnce(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+other+"/metrics", http.StatusFound)
	}), nil)
	if status.Health != redpoll.HealthUp {
		t.Error(status.Error)
	}
}

func TestFastARedirectLoopIsCountedAndExplained(t *testing.T) {
	wantFailure(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"/x", http.StatusFound)
	}), nil, badRedirect, "more than 5 redirects, perhaps in a circle; set metrics_path to where the metrics are")
}

// The server of tokens may say anything in its answer, which is none of the
// target's business, and its URL may hold secrets.
func TestFastATokenThatCannotBeHadIsCountedAndExplained(t *testing.T) {
	f := func(want string, tokens http.HandlerFunc) {
		t.Helper()
		target := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the target was asked without a token") })
		url := "http://" + serve(t, tokens) + "/token?key=hunter2"
		oauth2 := func(c *JobConfig) {
			c.HTTPClientConfig.OAuth2 = &config.OAuth2{ClientID: "scraper", ClientSecret: "hunter2", TokenURL: url}
		}
		wantFailure(t, target, oauth2, noToken, want)
		wantNoSecret(t, scrapeOnce(t, target, oauth2).Error)
	}
	f("check client_id, client_secret and scopes", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the secret hunter2 is wrong", http.StatusUnauthorized)
	})
	f("oauth2: no token could be had from token_url", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}
