import { bars, columns, element, empty, number, share } from "./charts.js";

const $ = (id) => document.getElementById(id);
const refreshEvery = 10_000, patience = 20_000;

// ——— Talking to the API

class Refused extends Error {
	constructor(status, text, byToken) {
		super(text);
		Object.assign(this, { status, byToken });
	}
}

async function api(path, { body, token } = {}) {
	const options = { headers: {}, cache: "no-store" };
	// A change takes what it takes; but a server that says nothing must not leave
	// old figures standing as if they were new.
	if (body === undefined) options.signal = AbortSignal.timeout(patience);
	else {
		options.method = "POST";
		options.headers["Content-Type"] = "application/json";
		options.body = JSON.stringify(body);
	}
	if (token) options.headers.Authorization = "Bearer " + token;
	let answer;
	try {
		answer = await fetch(path, options);
	} catch {
		throw new Refused(0, "The server does not answer.");
	}
	if (answer.status === 204) return null;
	const value = await answer.json().catch(() => null);
	if (answer.ok && value) return value;
	const text = value?.error ? value.error[0].toUpperCase() + value.error.slice(1) + "." : `The server answered ${answer.status}.`;
	throw new Refused(answer.status, text, answer.headers.has("WWW-Authenticate"));
}

// ——— What is shown: loading, sign-in, denied, or the board

let shown = "loading";

function show(what) {
	shown = what;
	for (const id of ["loading", "sign-in", "denied", "board"]) $(id).hidden = id !== what;
	$("tools").hidden = $("state").hidden = what !== "board";
	if (what === "sign-in") $("token").focus();
}

// lost shows what a refusal means for the whole page, and says whether it did.
function lost(problem) {
	if (problem.status === 401) {
		if ($("confirm").open) $("confirm").close();
		show("sign-in");
	} else if (problem.status === 403 && problem.message.startsWith("You may not")) {
		show("denied");
	} else {
		return false;
	}
	return true;
}

function complain(text) {
	$("problem").hidden = !text;
	if ($("problem").textContent !== text) $("problem").textContent = text;
}

let quiet;

function say(text) {
	$("said").textContent = text;
	clearTimeout(quiet);
	quiet = setTimeout(() => ($("said").textContent = ""), 8000);
}

// ——— Words

const plural = (n, one, many = one + "s") => `${number.format(n)} ${n === 1 ? one : many}`;
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const units = [["day", 86400], ["hour", 3600], ["minute", 60]];

function when(text) {
	const date = new Date(text), seconds = (date - Date.now()) / 1000;
	const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["", 0];
	const words = unit ? relative.format(Math.round(seconds / length), unit) : seconds > 0 ? "in less than a minute" : "just now";
	return element("time", { datetime: text, title: date.toLocaleString() }, words);
}

function duration(seconds) {
	const [unit, length] = units.find(([, length]) => seconds >= length) ?? ["second", 1];
	return plural(Math.floor(seconds / length), unit);
}

function size(bytes) {
	const names = ["B", "KB", "MB", "GB", "TB"];
	let i = 0;
	while (bytes >= 1000 && i < names.length - 1) [bytes, i] = [bytes / 1000, i + 1];
	return `${i && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${names[i]}`;
}

const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });

// ——— Figures

const restsOn = (stats, name, value) =>
	value === null ? "this store cannot know" : stats.basis[name] === "estimated" ? "estimated" : "counted";

function figure(name, value, basis, text = number.format, none = "Not known") {
	return element("div", {}, element("dt", {}, name),
		value === null ? element("dd", { class: "none" }, none) : element("dd", {}, text(value)),
		element("small", {}, basis));
}

function showStats(s) {
	const note = (name, more) => [restsOn(s, name, s[name]), ...more].join(", ");
	$("figures").replaceChildren(
		figure("Active sessions", s.active, note("active", [])),
		figure("Users logged in", s.activeUsers, note("activeUsers", s.loggedIn === null ? [] : [`in ${plural(s.loggedIn, "session")}`])),
		figure("Expired", s.expired, note("expired", [])),
		figure("Size", s.bytes, note("bytes", s.indexBytes ? [`${size(s.indexBytes)} of it indexes`] : []), size),
		s.active === 0 ? figure("Oldest", null, "counted", duration, "None") : figure("Oldest", s.oldestSeconds, note("oldestSeconds", []), duration));
	if (s.active === null) empty($("whole"), "This store cannot count its sessions.");
	else share($("whole"), [{ name: "Active", value: s.active, kind: "a" }, { name: "Expired", value: s.expired ?? 0, kind: "b" }]);

	const left = s.expiresIn;
	if (!left) empty($("left"), "This store cannot know.");
	else bars($("left"), [
		{ name: "Under 1 hour", value: left.underHour }, { name: "Under 1 day", value: left.underDay },
		{ name: "Under 3 days", value: left.underThreeDays }, { name: "3 days or more", value: left.more }]);
	showDays(s);
}

function showDays(s) {
	$("days-table").hidden = true;
	if (!s.createdPerDay) return empty($("days"), "This store cannot know.");
	const days = s.createdPerDay.map((d) => ({ name: day.format(new Date(d.date)), value: d.sessions }));
	const all = days.reduce((sum, d) => sum + d.value, 0);
	if (all === 0) return empty($("days"), "No sessions yet.");
	for (const d of days) d.title = `${d.name}: ${plural(d.value, "session")}`;
	const basis = s.basis.createdPerDay === "estimated" ? ", estimated" : "";
	columns($("days"), days, { label: `${plural(all, "session")} begun in ${plural(days.length, "day")}${basis}, ${number.format(days.at(-1).value)} on the last one` });
	$("days-table").hidden = false;
	const rows = days.map((d) => element("tr", {}, element("th", { scope: "row" }, d.name), element("td", {}, number.format(d.value))));
	$("days-table").querySelector("div").replaceChildren(element("table", {}, element("tbody", {}, ...rows.toReversed())));
}

// ——— Health

const states = { ok: "All is well", degraded: "Degraded", unavailable: "Unavailable" };

function showHealth(h) {
	$("sign-out").hidden = !h.signOut;
	const away = Object.entries(h.backends ?? {}).filter(([, s]) => s !== "ok").map(([name]) => name);
	$("state").className = "state " + h.status;
	$("state").textContent = (states[h.status] ?? h.status) + (away.length ? `: ${away.join(", ")} does not answer` : "");

	const facts = [];
	const fact = (name, text, bad) => facts.push(element("div", {}, element("dt", {}, name), element("dd", bad ? { class: "bad" } : {}, text)));
	for (const [name, state] of Object.entries(h.backends ?? {})) fact(name, state === "ok" ? "answers" : "does not answer", state !== "ok");
	if (h.copies) {
		const age = h.copies.pollAgeSeconds;
		fact("Copies checked", age === null ? "not yet" : age < 1 ? "under a second ago" : `${age.toFixed(1)} s ago`);
		fact("Server of the copies", h.copies.breaker === "open" ? "left alone for a moment" : "in use", h.copies.breaker === "open");
	}
	if (h.pool) {
		fact("Connections", `${h.pool.inUse} in use, ${h.pool.idle} idle` + (h.pool.max === null ? "" : `, at most ${h.pool.max}`));
		fact("Waits for one", number.format(h.pool.waited));
	}
	if (h.resurrectionsPrevented !== null) fact("Kept ended, within a day", number.format(h.resurrectionsPrevented));
	if (!facts.length) fact("Health", "this application tells nothing of its servers");
	$("facts").replaceChildren(...facts);
	showCleanups(h);

	const reads = h.process?.copyReads;
	$("reads-box").hidden = !reads;
	if (reads) share($("reads"), [
		{ name: "By a copy", value: reads.served, kind: "a" }, { name: "No copy", value: reads.missed, kind: "c" },
		{ name: "Not believed", value: reads.refused, kind: "b" }, { name: "Not asked", value: reads.fallback, kind: "d" }]);
}

function showCleanups(h) {
	const last = h.lastCleanup, runs = h.process?.cleanups ?? [];
	const words = $("last-cleanup");
	if (last && !last.finished) words.replaceChildren("One began ", when(last.started), " and has not finished; ", plural(last.removed, "session"), " removed so far.");
	else if (last) words.replaceChildren("The last one ended ", when(last.finished), " and removed ", plural(last.removed, "session"), ".");
	else if (runs.length) words.replaceChildren("This process ran the last one ", when(runs.at(-1).at), ".");
	else words.textContent = "Expired sessions are removed in the background, and on demand.";
	if (!runs.length) return empty($("cleanups"), h.process ? "No cleanup by this process yet." : "Past cleanups are not counted here.");
	columns($("cleanups"), runs.map((r) => ({
		name: clock.format(new Date(r.at)), value: r.removed, bad: r.failed,
		title: `${new Date(r.at).toLocaleString()}: ${plural(r.removed, "session")} removed${r.failed ? ", then it failed" : ""}`,
	})), { label: `Sessions removed by ${plural(runs.length, "cleanup")} of this process; by the last one ${number.format(runs.at(-1).removed)}`, height: 176, widest: 20 });
}

// ——— Refreshing: now and then, while someone looks

let timer, loading;

async function load() {
	clearTimeout(timer);
	if (loading) return loading;
	loading = (async () => {
		const [stats, health] = await Promise.allSettled([api("session-stats"), api("session-health")]);
		const problem = [stats, health].find((r) => r.status === "rejected" && r.reason.status !== 501)?.reason;
		if (problem && lost(problem)) return;
		if (shown !== "board") show("board");
		if (health.status === "fulfilled") showHealth(health.value);
		if (stats.status === "fulfilled") showStats(stats.value);
		const cannot = stats.reason?.status === 501;
		const before = $("figures").hasChildNodes();
		$("figures").hidden = !before;
		$("no-figures").hidden = !cannot;
		if (cannot) $("no-figures").textContent = stats.reason.message;
		if (!before) for (const id of ["whole", "left", "days"]) empty($(id), cannot ? stats.reason.message : "Nothing is known.");
		complain(!problem ? "" : before ? `${problem.message} What is shown may be old.` : problem.message);
		if (!problem) $("updated").replaceChildren("as of " + new Date().toLocaleTimeString("en", { hour12: false }));
	})();
	await loading.finally(() => (loading = undefined));
	schedule();
}

function schedule() {
	clearTimeout(timer);
	const live = $("live").getAttribute("aria-pressed") === "true";
	if (live && !document.hidden && shown === "board") timer = setTimeout(load, refreshEvery);
}

document.addEventListener("visibilitychange", () => {
	if (document.hidden) clearTimeout(timer);
	else if (shown === "board" && $("live").getAttribute("aria-pressed") === "true") load();
});

$("live").addEventListener("click", () => {
	const live = $("live").getAttribute("aria-pressed") !== "true";
	$("live").setAttribute("aria-pressed", live);
	if (live) load();
	else clearTimeout(timer);
});

// ——— Signing in and out

$("sign-in").querySelector("form").addEventListener("submit", async (event) => {
	event.preventDefault();
	const problem = $("sign-in-problem"), button = event.submitter;
	problem.textContent = "";
	button.disabled = true;
	try {
		await api("sign-in", { body: {}, token: $("token").value.trim() });
		await api("session-health").catch((e) => {
			throw e.status === 401 ? new Refused(401, "The browser did not keep the cookie: this page needs https.") : e;
		});
		$("token").value = "";
		await load();
	} catch (e) {
		problem.textContent = e.status === 401 && e.byToken ? "That is not the token." : e.message;
		$("token").select();
	} finally {
		button.disabled = false;
	}
});

$("sign-out").addEventListener("click", async () => {
	await loading; // or its answer would come to a page that is signed out
	show("loading"); // where nothing refreshes
	clearTimeout(timer);
	try {
		await api("sign-out", { body: {} });
	} catch (e) {
		if (e.status !== 401) {
			show("board");
			complain(e.message);
			return schedule();
		}
	}
	$("user").value = "";
	forget();
	show("sign-in");
});

// ——— A user's sessions

let found; // {user, total, sessions}
let looks = 0;

// forget also has an answer that is still on its way come to nothing.
function forget() {
	looks++;
	found = undefined;
	$("found").textContent = "";
	$("list").replaceChildren();
	$("end-all").hidden = true;
}

async function find(user) {
	forget();
	const look = looks;
	$("found").textContent = "Looking…";
	let answer;
	try {
		answer = await api("sessions?user=" + encodeURIComponent(user));
	} catch (e) {
		if (look === looks) $("found").textContent = lost(e) ? "" : e.message;
		return;
	}
	if (look !== looks) return; // somebody has asked for another one since, or signed out
	found = answer;
	const { total, sessions } = found;
	$("found").textContent = total === 0 ? `${found.user} is not logged in anywhere.` :
		`${found.user} is logged in ${total === 1 ? "once" : `${number.format(total)} times`}` + (sessions.length < total ? `; the newest ${sessions.length} are listed.` : ".");
	$("list").replaceChildren(...sessions.map(row));
	$("end-all").hidden = total === 0;
	$("end-all").textContent = total === 1 ? `End ${found.user}’s session…` : `End all ${number.format(total)} sessions of ${found.user}…`;
}

// refind is find, unless somebody else is looked at by now.
function refind(user) {
	if (found?.user === user) find(user);
}

function row(s) {
	const name = element("p", {}, element("b", {}, s.name));
	if (s.current) name.append(element("span", { class: "tag" }, "your own"));
	const facts = element("p", { class: "quiet" }, "Last seen ", when(s.lastSeen));
	if (s.created) facts.append(" · began ", when(s.created));
	facts.append(" · ends ", when(s.expires));
	if (s.address) facts.append(" · from ", s.address);
	const item = element("li", {}, name, facts);
	name.title = s.device ?? "";
	if (!s.handle) return item; // Express made it: it ends with all of its user's
	item.append(element("p", { class: "handle" }, s.handle));
	const button = element("button", { type: "button", class: "danger", "aria-label": `End the session on ${s.name}, last seen ${when(s.lastSeen).textContent}` }, "End…");
	const user = found.user;
	button.addEventListener("click", () => ask({
		title: `End ${user}’s session on ${s.name}?`, text: "Whoever uses it has to log in again.",
		order: { handle: s.handle, user }, done: () => refind(user),
	}));
	item.append(button);
	return item;
}

$("find").addEventListener("submit", (event) => {
	event.preventDefault();
	find($("user").value);
});

$("end-all").addEventListener("click", () => {
	const { user, total } = found;
	ask({
		title: `End ${total === 1 ? "the session" : `all ${number.format(total)} sessions`} of ${user}?`, text: `${user} has to log in again everywhere.`,
		order: { user }, done: () => refind(user),
	});
});

$("end-everyone").addEventListener("click", () => ask({
	title: "End everyone’s sessions?", text: "Everybody has to log in again. This cannot be undone.",
	order: { everyone: true }, done: forget, sure: true,
}));

// ——— Asking before something ends

let asked;

function ask(question) {
	asked = question;
	$("confirm-title").textContent = question.title;
	$("confirm-text").textContent = question.text;
	$("confirm-problem").textContent = $("reason").value = $("word").value = "";
	$("sure").hidden = !question.sure;
	$("word").required = !!question.sure;
	$("confirm").showModal();
	$("reason").focus();
}

$("cancel").addEventListener("click", () => $("confirm").close());

$("confirm").querySelector("form").addEventListener("submit", async (event) => {
	event.preventDefault();
	const question = asked; // it may be put away, and another asked, before the answer is here
	const open = () => $("confirm").open && asked === question;
	$("do-it").disabled = true;
	$("confirm-problem").textContent = "";
	try {
		const { revoked } = await api("sessions/revoke", { body: { ...question.order, reason: $("reason").value } });
		if (open()) $("confirm").close();
		say(revoked === 0 ? "There was none left to end." : `${plural(revoked, "session")} ended.`);
		question.done();
		load();
	} catch (e) {
		if (!lost(e)) open() ? ($("confirm-problem").textContent = e.message) : complain(e.message);
	} finally {
		$("do-it").disabled = false;
	}
});

$("clean").addEventListener("click", async () => {
	$("clean").disabled = true;
	try {
		const { deleted } = await api("session-cleanup", { body: {} });
		say(deleted === 0 ? "There was nothing to remove." : `${plural(deleted, "expired session")} removed.`);
		load();
	} catch (e) {
		if (!lost(e)) complain(e.message);
	} finally {
		$("clean").disabled = false;
	}
});

if ("signIn" in document.body.dataset) show("sign-in");
else load();
