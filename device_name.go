package session

import "strings"

// Name is the browser and the system that Device names, such as "Firefox on
// Windows", for people who look for the session that is not theirs. It knows the
// common ones; of another program it is the first word, as in "curl", and
// "Unknown device" where there is none.
func (d Device) Name() string {
	browser, system := find(browsers, d.Device), find(systems, d.Device)
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser != "":
		return browser
	case system != "":
		return system
	}
	program, _, _ := strings.Cut(d.Device, "/")
	program, _, _ = strings.Cut(program, " ")
	if program == "" {
		return "Unknown device"
	}
	return program
}

// A sign is a part of a User-Agent and what it stands for.
type sign struct{ part, name string }

// Browsers name the ones they descend from, so that the order decides: Edge says
// Chrome as well, and Chrome says Safari.
var browsers = []sign{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"},
	{"OPR/", "Opera"}, {"Vivaldi/", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet"}, {"YaBrowser/", "Yandex"},
	{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
	{"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
	{"Safari/", "Safari"},
}

var systems = []sign{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
	{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Macintosh", "macOS"}, {"Linux", "Linux"},
}

func find(signs []sign, text string) string {
	for _, s := range signs {
		if strings.Contains(text, s.part) {
			return s.name
		}
	}
	return ""
}
