// Gates let a test hold a request and know that it is held: no test waits for a
// time to pass.
const all = new Map();

function gate(name) {
  if (!all.has(name)) {
    const g = {};
    g.arrived = new Promise((resolve) => { g.arrive = resolve; });
    g.opened = new Promise((resolve) => { g.open = resolve; });
    all.set(name, g);
  }
  return all.get(name);
}

export const gates = {
  async pass(name) {
    gate(name).arrive();
    await gate(name).opened;
  },
  serve(app) {
    app.get('/gates/:name', async (req, res) => {
      await gate(req.params.name).arrived;
      res.sendStatus(204);
    });
    app.post('/gates/:name', (req, res) => {
      gate(req.params.name).open();
      res.sendStatus(204);
    });
  },
};
