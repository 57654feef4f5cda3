// Charts: small SVGs, drawn to the width they have. Each is an image with a name
// that says what it shows, for those who do not see it.

const space = "http://www.w3.org/2000/svg";
export const number = new Intl.NumberFormat("en");

export function element(name, attributes = {}, ...children) {
	const e = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
	e.append(...children);
	return e;
}

function svg(name, attributes = {}, ...children) {
	const e = document.createElementNS(space, name);
	for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
	e.append(...children);
	return e;
}

const drawn = new Map(); // box: draws it anew

const resized = new ResizeObserver((entries) => {
	for (const { target } of entries) {
		const draw = drawn.get(target);
		if (draw && target.clientWidth !== draw.width) draw();
	}
});

// chart draws into a box, now and whenever its width changes.
function chart(box, label, height, paint, ...below) {
	const draw = () => {
		const width = draw.width = box.clientWidth;
		if (width === 0) return; // not shown: it is drawn when it is
		const root = svg("svg", { role: "img", "aria-label": label, viewBox: `0 0 ${Math.max(width, 1)} ${height}`, height });
		paint(root, width);
		box.replaceChildren(root, ...below);
	};
	drawn.set(box, draw);
	resized.observe(box);
	draw();
}

// empty says why there is no chart.
export function empty(box, text) {
	drawn.delete(box);
	box.replaceChildren(element("p", { class: "empty" }, text));
}

// percent is 0 and 100 for none and all, and for nothing else.
const percent = (n, all) => (n > 0 && n / all < 0.01 ? "<1" : n < all && n / all > 0.99 ? ">99" : Math.round((100 * n) / all)) + " %";

// share draws one bar of several parts: [{name, value, kind}].
export function share(box, parts) {
	const all = parts.reduce((sum, p) => sum + p.value, 0);
	if (all === 0) return empty(box, "No sessions yet.");
	const label = parts.map((p) => `${p.name} ${number.format(p.value)}`).join(", ");
	const legend = element("ul", { class: "legend" }, ...parts.map((p) =>
		element("li", { class: p.kind }, element("span", {}, p.name), element("b", {}, number.format(p.value)), element("span", { class: "quiet" }, percent(p.value, all)))));
	chart(box, label, 20, (root, width) => {
		const shown = parts.filter((p) => p.value > 0);
		const room = width - 3 * (shown.length - 1);
		const least = 4;
		const sizes = shown.map((p) => Math.max(least, (room * p.value) / all));
		const over = sizes.reduce((a, b) => a + b, 0) - room;
		sizes[sizes.indexOf(Math.max(...sizes))] -= over; // what the smallest need, the largest gives
		let x = 0;
		shown.forEach((p, i) => {
			root.append(svg("rect", { class: p.kind, x, y: 0, width: Math.max(sizes[i], 0), height: 20, rx: 4 }));
			x += sizes[i] + 3;
		});
	}, legend);
}

// bars draws named bars, one under the other: [{name, value}].
export function bars(box, rows) {
	const most = Math.max(...rows.map((r) => r.value));
	if (most === 0) return empty(box, "No active sessions.");
	const label = rows.map((r) => `${r.name}: ${number.format(r.value)}`).join(", ");
	const step = 34;
	chart(box, label, rows.length * step - 8, (root, width) => {
		const names = 104, values = 16 + 8 * number.format(most).length;
		const room = Math.max(width - names - values, 20);
		rows.forEach((r, i) => {
			const y = i * step;
			root.append(
				svg("text", { x: 0, y: y + 17 }, r.name),
				svg("rect", { class: "track", x: names, y: y + 3, width: room, height: 20, rx: 4 }),
				svg("rect", { class: "a", x: names, y: y + 3, width: r.value && Math.max(3, (room * r.value) / most), height: 20, rx: 4 }),
				svg("text", { class: "value", x: width, y: y + 17, "text-anchor": "end" }, number.format(r.value)));
		});
	});
}

// ceiling is a round number that is not below n, and whose half is one too.
function ceiling(n) {
	const power = 10 ** Math.floor(Math.log10(Math.max(n, 1)));
	return power * [1, 2, 4, 6, 8, 10].find((m) => m * power >= n);
}

// columns draws values over time: [{name, value, title, bad}]. label says what
// they are.
export function columns(box, rows, { label, height = 160, least = 1, widest = 28 }) {
	const most = ceiling(Math.max(least, ...rows.map((r) => r.value)));
	chart(box, label, height, (root, width) => {
		const left = 12 + 7 * number.format(most).length, top = 8, bottom = 24;
		const floor = height - bottom, room = floor - top;
		for (const part of most > 1 ? [0, 0.5, 1] : [0, 1]) {
			const y = Math.round(floor - room * part) + 0.5;
			root.append(
				svg("line", { class: "rule", x1: left, x2: width, y1: y, y2: y }),
				svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, number.format(most * part)));
		}
		const step = (width - left) / Math.max(rows.length, 6);
		const wide = Math.min(widest, Math.max(step - Math.min(4, step / 4), 1));
		rows.forEach((r, i) => {
			const tall = r.value && Math.max(2, (room * r.value) / most);
			root.append(svg("g", {},
				svg("title", {}, r.title),
				svg("rect", { class: "hit", x: left + i * step, y: top, width: step, height: room }),
				svg("rect", { class: r.bad ? "d" : "a", x: left + i * step + (step - wide) / 2, y: floor - tall, width: wide, height: tall, rx: Math.min(3, wide / 3) })));
		});
		const every = Math.ceil(rows.length / Math.max(Math.floor((width - left) / 96), 1));
		for (let i = rows.length - 1, before; i >= 0; before = rows[i].name, i -= every) {
			if (rows[i].name === before) continue;
			const x = left + (i + 0.5) * step;
			const last = i === rows.length - 1 && rows.length >= 6;
			root.append(svg("text", { x: last ? left + rows.length * step : x, y: height - 6, "text-anchor": last ? "end" : "middle" }, rows[i].name));
		}
	});
}
