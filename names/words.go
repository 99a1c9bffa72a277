package names

// titles are words of address and office, in a-z without marks.
var titles = set(
	"mr", "mrs", "ms", "miss", "mme", "mlle", "dr", "doctor", "prof", "professor", "engr", "sir", "dame",
	"rev", "reverend", "father", "sheikh", "shaykh", "sheik", "shaikh", "cheikh", "chaykh", "shayk", "mullah", "mulla", "mawlawi", "maulawi",
	"maulvi", "mawlavi", "moulavi", "molavi", "maulana", "mawlana", "molla", "hajj", "haji", "hadji", "hajji", "haj", "alhaji", "hojjatoleslam",
	"ayatollah", "ustad", "ustadh", "gen", "general", "colonel", "maj", "major", "capt", "captain", "lt", "lieutenant", "sgt",
	"brig", "brigadier", "adm", "admiral", "cmdr", "commander", "honourable", "honorable", "president", "minister",
	"sr", "sra", "srta", "senor", "senora", "dipl", "phd", "md", "esq", "herr", "frau", "smt",
	"effendi", "datuk", "dato", "qari", "mufti", "ustaz",
)

// generations tell father from son.
var generations = set("jr", "junior", "jnr", "snr", "senior", "ii", "iii", "iv", "filho", "neto", "hijo")

// particles join the parts of a name, or begin one, and carry little of their own.
var particles = set(
	"al", "el", "ul", "ol", "ad", "ar", "as", "at", "az", "ash", "an", "ur", "ud", "ed", "es", "er", "ez", "il", "ell",
	"bin", "ben", "ibn", "bint", "binti", "bte", "bt", "abu", "abou", "abi", "aboo", "umm", "um", "oum", "ould", "wuld", "mint", "walad",
	"de", "del", "della", "dela", "di", "da", "das", "dos", "do", "du", "des", "la", "las", "los", "le", "les", "lo", "y", "e", "i",
	"van", "von", "vom", "zu", "zum", "zur", "der", "den", "ter", "ten", "te", "op", "het", "af", "av", "auf", "of", "the",
	"mac", "mc", "o", "st", "san", "santa", "sao", "saint", "sainte",
	"ogly", "oglu", "oghlu", "ogli", "ugli", "uly", "kyzy", "qizi", "kizi", "gyzy", "qyzy", "zadeh", "bar", "bat",
)

// doubtful are particles that are surnames or given names too.
var doubtful = set(
	"ben", "do", "la", "le", "lo", "san", "mac", "bar", "bat", "den", "te", "ten", "ter", "van", "da", "di", "du", "op", "mint", "af", "av", "las", "los", "dos", "das", "an", "ad", "at", "as", "ed", "er", "es",
	"bin", "um", "st", "saint", "santa", "sao", "zu", "il", "en", "ul", "ur", "us", "ash", "abdi", "abdo", "abdou", "abdu", "abdul", "walad", "ould",
)

// articles are the Arabic article in its spellings, assimilated ones too.
var articles = set("al", "el", "ul", "ol", "ad", "ar", "as", "at", "az", "ash", "an", "ur", "ud", "ed", "es", "er", "ez", "il", "us", "en", "ess", "err", "edd", "esh")

// servants are the spellings of Abd before a name of God, with or without the article.
var servants = set(
	"abd", "abdul", "abdel", "abdal", "abdol", "abdoul", "abdil", "abdur", "abdar", "abder", "abdir", "abdu", "abde", "abdi", "abdus", "abdas", "abdes", "abdis", "abdun", "abden",
	"abdan", "abdin", "abduz", "abdez", "abded", "abdud", "abdou", "abdour", "abdous", "abdoun", "abdo", "abdor", "abdos",
)

// native gives the kind of the particles and titles that are not told by a
// reading, as they are written.
var native = map[string]TokenKind{
	"بن": Particle, "ابن": Particle, "إبن": Particle, "بنت": Particle, "ابو": Particle, "أبو": Particle, "ابي": Particle, "أبي": Particle, "أبا": Particle, "ابا": Particle,
	"ال": Particle, "آل": Particle, "عبد": Particle, "ام": Particle, "أم": Particle, "ولد": Particle, "زاده": Particle,
	"الشيخ": Title, "شيخ": Title, "الحاج": Title, "حاج": Title, "حاجي": Title, "دكتور": Title, "الدكتور": Title, "د": Title, "السيد": Title, "ملا": Title, "مولوي": Title, "شیخ": Title, "حاجی": Title,
	"מר": Title, "דר": Title, "ד'ר": Title, "רב": Title, "הרב": Title, "בן": Particle, "בת": Particle, "אבו": Particle, "אל": Particle, "אבן": Particle, "דה": Particle,
	"ибн": Particle, "бин": Particle, "аль": Particle, "эль": Particle, "абу": Particle, "ад": Particle, "ас": Particle, "фон": Particle, "ван": Particle, "де": Particle, "оглы": Particle, "оглу": Particle,
	"кызы": Particle, "улы": Particle, "угли": Particle, "углы": Particle, "кизи": Particle, "ди": Particle, "да": Particle, "ла": Particle, "ле": Particle, "дю": Particle,
	"श्री": Title, "श्रीमती": Title, "डॉ": Title, "นาย": Title, "นาง": Title, "นางสาว": Title, "ดร": Title,
}

func set(words ...string) map[string]bool {
	in := make(map[string]bool, len(words))
	for _, w := range words {
		in[w] = true
	}
	return in
}
