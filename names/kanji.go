package names

import "strings"

// nanori gives the readings of a kanji in Japanese names, the commoner first: in
// a surname as a word of Japanese (kun), in a given name as such names use it.
type nanori struct{ family, given string }

// kanjiReadings holds the characters that most Japanese names are made of. The
// voicing within a word (kawa, gawa) is left to the comparison.
var kanjiReadings = nanoriTable(`
山 yama - / 田 ta - / 川 kawa - / 河 kawa - / 村 mura - / 中 naka - / 本 moto - / 小 ko - / 大 o - / 上 ue kami / 下 shita - / 井 i - / 木 ki - / 島 shima - / 嶋 shima - / 藤 to fuji / 野 no ya
原 hara - / 松 matsu - / 石 ishi - / 岡 oka - / 崎 saki - / 﨑 saki - / 森 mori - / 林 hayashi - / 橋 hashi - / 池 ike - / 水 mizu - / 口 kuchi - / 佐 sa suke / 伊 i i / 加 ka ka / 近 kon chika / 遠 en -
斎 sai - / 齋 sai - / 斉 sai - / 安 an yasu / 後 go - / 工 ku - / 須 su - / 武 take takeshi / 高 taka taka / 渡 wata - / 辺 nabe - / 邊 nabe - / 邉 nabe - / 部 be - / 服 hat - / 阿 a - / 久 ku hisa / 保 bo yasu
吉 yoshi kichi / 福 fuku - / 岩 iwa - / 長 naga - / 永 naga - / 谷 tani - / 沢 sawa - / 澤 sawa - / 内 uchi - / 前 mae - / 西 nishi - / 東 higashi - / 北 kita - / 南 minami - / 金 kane - / 青 ao - / 赤 aka - / 黒 kuro - / 白 shira -
新 ara shin / 古 furu - / 今 ima - / 土 tsuchi - / 杉 sugi - / 竹 take - / 梅 ume - / 桜 sakura - / 菊 kiku - / 花 hana hana / 草 kusa - / 平 hira hei / 広 hiro hiro / 廣 hiro - / 丸 maru - / 角 kaku - / 宮 miya - / 神 kami - / 寺 tera -
坂 saka - / 阪 saka - / 浜 hama - / 濱 hama - / 浦 ura - / 沼 numa - / 滝 taki - / 瀬 se - / 津 tsu - / 堀 hori - / 戸 to - / 馬 ba - / 熊 kuma - / 鳥 tori - / 鶴 tsuru - / 亀 kame - / 牛 ushi - / 星 hoshi - / 月 tsuki -
日 hi - / 天 ama - / 雨 ame - / 風 kaze - / 波 nami - / 町 machi - / 市 ichi - / 関 seki - / 館 tate - / 倉 kura - / 荒 ara - / 若 waka - / 古 furu - / 早 haya - / 深 fuka - / 浅 asa - / 細 hoso - / 太 o ta / 有 ari - / 榎 enoki -
三 mi zo / 五 go go / 六 roku - / 七 nana - / 八 ya - / 九 ku - / 十 to - / 千 chi chi / 二 futa ji / 一 ichi kazu / 四 yo - / 片 kata - / 横 yoko - / 奥 oku - / 栗 kuri - / 柳 yanagi - / 柴 shiba - / 桑 kuwa - / 望 mochi nozomi / 鈴 suzu - / 黒 kuro -
菅 suga - / 増 masu - / 成 nari nari / 飯 ii - / 米 yone - / 麻 asa ma / 生 o o / 尾 o - / 岸 kishi - / 泉 izumi - / 相 ai - / 秋 aki aki / 春 haru haru / 夏 natsu natsu / 冬 fuyu fuyu / 根 ne - / 富 tomi - / 豊 toyo yutaka / 徳 toku nori / 和 wa kazu
太 o ta / 郎 - ro / 朗 - ro / 子 - ko / 美 - mi / 恵 - e / 夫 - o / 雄 - o / 男 - o / 彦 - hiko / 也 - ya / 哉 - ya / 樹 - ki / 人 - to / 斗 - to / 幸 - yuki / 明 - aki / 昭 - aki / 晃 - aki / 彰 - aki / 正 - masa / 義 - yoshi / 博 - hiro / 宏 - hiro / 弘 - hiro / 浩 - hiro / 洋 - yo
隆 - taka / 孝 - taka / 貴 - taka / 崇 - taka / 秀 - hide / 英 - hide / 智 - tomo / 友 - tomo / 朋 - tomo / 直 - nao / 尚 - nao / 哲 - tetsu / 健 - ken / 賢 - ken / 謙 - ken / 真 - ma / 由 - yu / 佳 - ka / 香 - ka / 奈 - na / 里 - ri / 理 - ri / 莉 - ri / 紀 - ki / 典 - nori / 則 - nori / 憲 - nori / 紀 - nori
信 - nobu / 伸 - nobu / 延 - nobu / 俊 - toshi / 敏 - toshi / 利 - toshi / 寿 - toshi / 光 - mitsu / 満 - mitsu / 勝 - katsu / 克 - katsu / 重 - shige / 茂 - shige / 繁 - shige / 清 - kiyo / 康 - yasu / 泰 - yasu / 靖 - yasu / 晋 - shin / 慎 - shin / 介 - suke / 輔 - suke / 助 - suke / 祐 - yu / 之 - yuki / 行 - yuki / 純 - jun / 潤 - jun
代 - yo / 世 - yo / 枝 - e / 江 - e / 絵 - e / 愛 - ai / 優 - yu / 悠 - yu / 裕 - yu / 雅 - masa / 昌 - masa / 政 - masa / 将 - masa / 誠 - makoto / 文 - fumi / 史 - fumi / 剛 - go / 豪 - go / 良 - ryo / 亮 - ryo / 龍 - ryu / 竜 - ryu / 隆 - taka / 芳 - yoshi / 好 - yoshi / 喜 - yoshi / 淑 - yoshi
次 - ji / 治 - ji / 司 - ji / 士 - shi / 志 - shi / 兵 - hei / 蔵 - zo / 造 - zo / 道 - michi / 通 - michi / 登 - to / 衛 - e / 門 - mon / 左 - za / 右 - u / 丈 - jo / 丞 - jo / 章 - aki / 翔 - sho / 祥 - sho / 章 - sho / 聖 - sei / 誠 - sei / 星 - sei / 晴 - haru / 陽 - yo / 葉 - ha / 菜 - na / 結 - yu / 衣 - i / 咲 - saki
沙 - sa / 紗 - sa / 早 - sa / 実 - mi / 未 - mi / 海 - mi / 希 - ki / 樹 - ki / 輝 - teru / 照 - teru / 静 - shizu / 節 - setsu / 京 - kyo / 敬 - kei / 圭 - kei / 啓 - kei / 慶 - kei / 景 - kei / 薫 - kaoru / 学 - manabu / 進 - susumu / 護 - mamoru / 守 - mamoru / 拓 - taku / 卓 - taku / 達 - tatsu / 辰 - tatsu / 竜 - tatsu
晶 - aki / 暁 - aki / 悟 - satoru / 聡 - satoshi / 徹 - tetsu / 鉄 - tetsu / 元 - moto / 基 - moto / 素 - moto / 紘 - hiro / 寛 - hiro / 仁 - hito / 仲 - naka / 忠 - tada / 匡 - masa / 邦 - kuni / 国 - kuni / 州 - kuni / 虎 - tora / 寅 - tora / 鷹 - taka / 蓮 - ren / 涼 - ryo / 稔 - minoru / 稲 ina - / 園 sono - / 丹 tan - / 羽 ha - / 芝 shiba - / 笠 kasa - / 釜 kama - / 渕 fuchi - / 淵 fuchi - / 塚 tsuka - / 畑 hata - / 畠 hata - / 勢 se - / 曽 so - / 曾 so - / 植 ue - / 栄 - ei / 吹 fuki - / 徹 - toru / 二 - ji / 三 - zo
`)

func nanoriTable(text string) map[rune]nanori {
	table := map[rune]nanori{}
	for _, entry := range strings.FieldsFunc(text, func(r rune) bool { return r == '/' || r == '\n' }) {
		cells := strings.Fields(entry)
		if len(cells) != 3 {
			continue
		}
		n := nanori{family: strings.Trim(cells[1], "-"), given: strings.Trim(cells[2], "-")}
		for _, r := range cells[0] {
			if was, ok := table[r]; ok { // the first line of a character stands, later ones fill it up
				if was.family != "" {
					n.family = was.family
				}
				if was.given != "" {
					n.given = was.given
				}
			}
			table[r] = n
		}
	}
	return table
}

// kanjiForms reads a word as a Japanese name: as a surname, where it may be one,
// and as a given name. None where a character is in no such name.
func kanjiForms(word []rune, part Part) []Form {
	if reading, ok := kanjiNames[string(word)]; ok {
		var forms []Form
		for _, r := range strings.Fields(reading) {
			forms = append(forms, Form{Latin: r, Rule: "kanji, customary Japanese reading"})
		}
		return forms
	}
	if len(word) > 4 {
		return nil
	}
	var forms []Form
	if latin, ok := spellKanji(word, func(n nanori) (string, string) { return n.family, n.family }); ok && part != PartGiven {
		forms = append(forms, Form{Latin: latin, Rule: "kanji, Japanese surname by its characters"})
	}
	if latin, ok := spellKanji(word, func(n nanori) (string, string) { return n.given, n.family }); ok && part != PartFamily {
		forms = append(forms, Form{Latin: latin, Rule: "kanji, Japanese given name by its characters"})
	}
	return forms
}

// spellKanji writes each character's reading, or the second choice; ok is false
// where one has neither.
func spellKanji(word []rune, choose func(nanori) (first, second string)) (string, bool) {
	var out strings.Builder
	for i, r := range word {
		n := kanjiReadings[r]
		first, second := choose(n)
		switch {
		case r == '一' && i == 0 && len(word) > 1 && word[1] == '郎':
			out.WriteString("ichi")
		case r == '一' && i > 0:
			out.WriteString("ichi")
		case first != "":
			out.WriteString(first)
		case second != "":
			out.WriteString(second)
		default:
			return "", false
		}
	}
	return out.String(), true
}

// kanjiSurname finds the surname at the start of a Japanese name written
// together: a common one before a given name, or, in a name of four characters
// or five, two characters of which surnames are made.
func kanjiSurname(word []rune, h Hint) (n int, ok bool) {
	for n := min(3, len(word)-1); n >= 1; n-- {
		if kanjiNames[string(word[:n])] == "" || len(word)-n > 3 {
			continue
		}
		japanese := japaneseHint(h) || kanjiNames[string(word[n:])] != "" || (n >= 2 || len(word) == 3) && !strings.ContainsRune(hanSingle, word[0])
		if japanese || n >= 2 && len(word) >= 4 {
			return n, true
		}
	}
	if len(word) == 4 || len(word) == 5 || len(word) == 3 && japaneseHint(h) {
		_, family := spellKanji(word[:2], func(n nanori) (string, string) { return n.family, "" })
		_, given := spellKanji(word[2:], func(n nanori) (string, string) { return n.given, "" })
		if family && (given || japaneseHint(h)) {
			return 2, true
		}
	}
	return 0, false
}

func japaneseHint(h Hint) bool {
	return h.Script == "Jpan" || len(h.Language) >= 2 && strings.EqualFold(h.Language[:2], "ja")
}
