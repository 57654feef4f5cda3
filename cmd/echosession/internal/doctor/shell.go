package doctor

import (
	"net/url"
	"strings"

	pgstore "github.com/echosession/session/store/postgres"
)

// command is what a person types to have a fix.
func (p *patient) command(fix pgstore.Fix) string {
	var steps []string
	if fix.SQL != "" {
		steps = append(steps, "psql "+p.database(fix.Own)+" -v ON_ERROR_STOP=1 -c "+quote(fix.SQL))
	}
	if fix.Migrate && p.owner {
		steps = append(steps, "echosession migrate")
	} else if fix.Migrate {
		steps = append(steps, `DATABASE_URL="$ADMIN_URL" echosession migrate`)
	}
	if name, value, ok := strings.Cut(fix.Setting, "="); ok {
		steps = append(steps, p.setting(name, value))
	}
	return strings.Join(steps, " && ")
}

// database is the connection string for psql: the application's own where its role
// may do it and psql knows all its parameters; else that of the owner of the table.
func (p *patient) database(own bool) string {
	if (own || p.owner) && psqlTakes(p.text("DATABASE_URL")) {
		return `"$DATABASE_URL"`
	}
	return `"$ADMIN_URL"`
}

// psqlKnows are the parameters of libpq that a connection string of ours may have.
const psqlKnows = " host hostaddr port dbname user password passfile connect_timeout application_name sslmode sslcert sslkey sslrootcert sslpassword sslnegotiation target_session_attrs channel_binding require_auth load_balance_hosts options keepalives "

// psqlTakes reports whether psql understands a connection string: unlike pgx it
// refuses parameters that it does not know.
func psqlTakes(dsn string) bool {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return false
	}
	for name := range u.Query() {
		if !strings.Contains(psqlKnows, " "+name+" ") {
			return false
		}
	}
	return true
}

// setting gives DATABASE_URL a parameter, or another value of one that it has.
func (p *patient) setting(name, value string) string {
	dsn := p.text("DATABASE_URL")
	if !strings.Contains(dsn, "://") {
		return `export DATABASE_URL="$DATABASE_URL ` + name + "=" + value + `"`
	}
	parameter := name + "=" + url.QueryEscape(value)
	_, query, has := strings.Cut(dsn, "?")
	for part := range strings.SplitSeq(query, "&") {
		if n, _, _ := strings.Cut(part, "="); n == name {
			return "export DATABASE_URL=\"${DATABASE_URL/" + escapePattern(part) + "/" + strings.ReplaceAll(parameter, "/", `\/`) + "}\""
		}
	}
	separator := "?"
	if has {
		separator = "&"
	}
	return `export DATABASE_URL="$DATABASE_URL` + separator + parameter + `"`
}

// escapePattern is a text that bash's ${variable/pattern/} takes as it is.
func escapePattern(text string) string {
	return strings.NewReplacer("/", `\/`, "*", `\*`, "?", `\?`, "[", `\[`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(text)
}

// address puts another address in the place of one in a variable.
func (p *patient) address(variable, from, to string) string {
	if !strings.Contains(p.text(variable), from) {
		return ""
	}
	return "export " + variable + "=\"${" + variable + "/" + escapePattern(from) + "/" + to + "}\""
}
