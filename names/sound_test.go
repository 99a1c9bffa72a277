package names

import "testing"

func TestSounds(t *testing.T) {
	for latin, want := range map[string]string{
		"tsarnaev": "carnaev", "tzarnaev": "carnaev", "khrushchev": "xruSev", "shcherbakov": "Serbakov", "tchaikovsky": "Caikovski", "schmidt": "Smidt",
		"dzhokhar": "Joxar", "djamel": "Jamel", "abdullah": "abdula", "ouali": "wali", "youssef": "yusef", "philip": "filip", "jack": "jak", "muhammad": "muhamad",
		"reem": "rim", "cyrus": "sirus", "quentin": "kentin", "quang": "kwang", "alex": "aleks", "dhahir": "Dahir", "ghassan": "Gasan", "thaer": "Taer",
		"sergey": "sergei", "sarah": "sara", "tsarnayev": "carnaev", "tsarnaiev": "carnaev",
		"mariya": "maria", "yelena": "elena", "ievgen": "evgen", "iuri": "yuri", "andreev": "andreyev", "andreyev": "andreyev", "sanjeev": "sanjiv", "aliyev": "aliev", "meier": "meyer", "gottschalk": "goCalk", "": "",
	} {
		if got := Sounds(latin); got != want {
			t.Errorf("%s sounds %s, want %s", latin, got, want)
		}
	}
}

// TestReadingRules holds single rules of the readers, by script: each word is
// read so by one of its forms.
func TestReadingRules(t *testing.T) {
	for _, c := range []struct{ word, latin string }{
		{"Объедков", "obyedkov"}, {"Соловьёв", "solovyov"}, {"Достоевский", "dostoevski"}, {"Ігор", "ihor"}, {"Ђоковић", "djokovich"}, {"Итихара", "ichihara"}, {"Дзюнъити", "dzyuniti"},
		{"الظواهري", "zwahri"}, {"إبراهيم", "ibrahim"}, {"يوسف", "yusuf"}, {"وليد", "walid"}, {"جمال", "gmal"}, {"مُحَمَّد", "muhamad"}, {"موسوی", "muswi"}, {"چمران", "chmran"}, {"فاطمه", "fatmeh"}, {"الله", "allah"}, {"عبد الله", "abdulah"},
		{"שׂרה", "sra"}, {"צ'רצ'יל", "chrchil"}, {"ויינגרטן", "vaingrtn"}, {"אולמרט", "olmrt"},
		{"Γκίκας", "gikas"}, {"Ευγενία", "evgenia"}, {"Εύφημος", "effimos"}, {"Τζώρτζης", "tzortzis"}, {"Μαΐου", "maiou"},
		{"თბილისი", "tbilisi"}, {"ჯუღაშვილი", "jughashvili"}, {"Ոսկանյան", "voskanyan"}, {"Գրիգոր", "krikor"},
		{"설리", "seolli"}, {"크리스", "kris"}, {"ストレンジ", "strenj"}, {"デュマ", "dyuma"}, {"さとう", "satou"}, {"ッ", ""},
		{"尼古拉", "nikula"}, {"诸葛", "zhuge"}, {"नरेन्द्र", "narendra"}, {"சிவா", "siva"}, {"ਸਿੰਘ", "singh"}, {"ชินวัตร", "chinwatr"}, {"အောင်", "aung"}, {"မင်း", "min"}, {"လှိုင်", "hlaing"}, {"သိန်း", "thein"}, {"ရွှေ", "shwe"}, {"ဆန်း", "san"}, {"စု", "su"}, {"ကြည်", "kyi"}, {"ကျော်", "kyaw"}, {"ထွန်း", "tun"}, {"ខ្មែរ", "khmaer"}, {"ሥላሴ", "slas"},
		{"Wojciech", "voychekh"}, {"Szczęsny", "shchensny"}, {"Đoković", "djokovich"}, {"Giovanni", "djovanni"}, {"Guimarães", "gimaraes"}, {"Xhaka", "djaka"}, {"Soeharto", "suharto"}, {"Gyula", "dyula"},
	} {
		found := false
		var read []string
		for _, tok := range Parse(c.word).Tokens {
			for _, form := range tok.Forms {
				found = found || form.Latin == c.latin
				read = append(read, form.Latin)
			}
		}
		if !found && c.latin != "" || c.latin == "" && len(read) > 0 {
			t.Errorf("%s is read %q, none is %q", c.word, read, c.latin)
		}
	}
}
