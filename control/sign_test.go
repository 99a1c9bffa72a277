package control

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"heed"
	"heed/exchange"
	"heed/seal"
	"heed/seal/sshtest"
)

const ruth = "north.example/officer/ruth"

func keyOfRuth(t *testing.T) seal.VerifyKey {
	t.Helper()
	ssh, err := seal.ParseSSHKey(sshtest.New(sshtest.Ed25519, ruth).Line())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.Named(ruth)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signing is a node whose one verb has the caller sign each of some texts, and
// tells how the last one ended.
func signing(t *testing.T, home string) (*http.Server, <-chan error) {
	key := keyOfRuth(t)
	ended := make(chan error, 1)
	s := serve(t, home, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serveSigned(w, r, func(signer exchange.OfficerSigner) http.Handler {
			mux := http.NewServeMux()
			verb(mux, "sign", func(ctx context.Context, texts []string) (string, error) {
				var all []string
				for i, text := range texts {
					signature, err := signer.Sign(ctx, exchange.SignatureRequest{Officer: "ruth", Role: heed.Releaser, Key: key, Text: text, Again: i > 0})
					if err != nil {
						ended <- err
						return "", err
					}
					all = append(all, string(signature))
				}
				ended <- nil
				if len(all) == 0 {
					return "", &heed.Refused{Code: heed.NotAdmitted, Detail: "there is nothing to sign", Hint: "name a text"}
				}
				return strings.Join(all, ","), nil
			})
			return mux
		})
	}))
	return s, ended
}

func TestCallSigned(t *testing.T) {
	home := t.TempDir()
	_, ended := signing(t, home)
	c := Dial(home)
	var got string
	var asked []SignRequest
	sign := func(_ context.Context, r SignRequest) ([]byte, error) {
		asked = append(asked, r)
		return []byte("signed " + r.Text), nil
	}
	long := strings.Repeat("a long text\n", 10_000)
	if err := c.CallSigned(t.Context(), "sign", []string{"one\n", long}, &got, sign); err != nil || got != "signed one\n,signed "+long {
		t.Errorf("got %.40q, %v", got, err)
	}
	want := SignRequest{Officer: "ruth", Role: heed.Releaser, Key: keyOfRuth(t).String(), Text: "one\n"}
	if len(asked) != 2 || !reflect.DeepEqual(asked[0], want) || !asked[1].Again {
		t.Errorf("asked for %d", len(asked))
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	fault := faultIn(t, c.CallSigned(t.Context(), "sign", []string{}, &got, sign))
	if want := (Fault{Exit: ExitRefused, Message: "there is nothing to sign", Hint: "name a text", Code: heed.NotAdmitted}); *fault != want {
		t.Errorf("the fault came as %+v", fault)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if fault := faultIn(t, c.CallSigned(t.Context(), "sign", "one", &got, sign)); fault.Exit != ExitInput {
		t.Errorf("a request of another form is %+v", fault)
	}
	if fault := faultIn(t, c.CallSigned(t.Context(), "dance", 1, &got, sign)); fault.Exit != ExitFault {
		t.Errorf("an unknown verb is %+v", fault)
	}
}

// Whoever does not sign has done nothing: the node's act ends with an error.
func TestNotSigned(t *testing.T) {
	unwilling := errors.New("the officer shakes her head")
	gone, leave := context.WithCancel(t.Context())
	defer leave()
	for name, c := range map[string]struct {
		ctx  context.Context
		sign Signer
		want error
	}{
		"the officer does not": {t.Context(), func(context.Context, SignRequest) ([]byte, error) { return nil, unwilling }, unwilling},
		"the command is broken off": {gone, func(ctx context.Context, _ SignRequest) ([]byte, error) {
			leave()
			<-ctx.Done()
			return nil, ctx.Err()
		}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			_, ended := signing(t, home)
			var got string
			if err := Dial(home).CallSigned(c.ctx, "sign", []string{"one\n", "two\n"}, &got, c.sign); !errors.Is(err, c.want) || got != "" {
				t.Errorf("%q, %v", got, err)
			}
			if err := <-ended; err == nil {
				t.Error("the node took it for signed")
			}
		})
	}
}

func TestNodeStopsWhileAnOfficerSigns(t *testing.T) {
	home := t.TempDir()
	server, ended := signing(t, home)
	var got string
	err := Dial(home).CallSigned(t.Context(), "sign", []string{"one\n"}, &got, func(context.Context, SignRequest) ([]byte, error) {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err == nil {
			t.Error("the node took it for signed")
		}
		return []byte("too late"), nil
	})
	if !errors.Is(err, ErrWentAway) || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	if said := faultIn(t, err).Message; !strings.Contains(said, "kept") || !strings.HasSuffix(said, "it was stopped, or ended the connection") {
		t.Errorf("the officer is told %q", said)
	}
}

// What comes in the place of a signature's line is no signature.
func TestStrangeLinesAreNotSignatures(t *testing.T) {
	for name, line := range map[string]string{
		"another field": `{"signature":"YQ==","more":1}` + "\n",
		"no base64":     `{"signature":"%"}` + "\n",
		"no JSON":       "signed\n",
		"the end":       "",
	} {
		home := t.TempDir()
		_, ended := signing(t, home)
		c := Dial(home)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://node/v1/sign", strings.NewReader(`["one\n"]`+"\n"+line))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(signsHeader, "sshsig")
		response, err := c.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err == nil {
			t.Errorf("%s was taken for a signature", name)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAnOfficerElsewhereIsNamedInTheFault(t *testing.T) {
	fault := faultOf(&exchange.SignedElsewhere{Officer: "ruth", Key: "north.example/officer/ruth+0+x"})
	if fault.Exit != ExitInput || fault.Signs != "north.example/officer/ruth+0+x" || !strings.Contains(fault.Message, "ruth") {
		t.Errorf("%+v", fault)
	}
}
