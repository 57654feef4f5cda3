// An Express app as many are: express-session, passport, and its sessions in
// Postgres (connect-pg-simple) or Redis (connect-redis). The tests of the folder
// above run it beside Echo, on one table or one Redis.
//
// It serves one and the same app under /rolling, /resave and /rolling-resave, which
// are settings of express-session, and without them at /.
import express from 'express';
import { gates } from './gates.js';
import { sessions } from './sessions.js';
import { login } from './login.js';

const { PORT } = process.env;

const fail = (res, next) => (err) => (err ? next(err) : res.sendStatus(204));

function app(store, settings) {
  const router = express.Router();
  router.use(sessions(store, settings));
  login(router);

  // Changing things.
  router.post('/visit', (req, res) => {
    req.session.visits = (req.session.visits || 0) + 1;
    res.json({ visits: req.session.visits });
  });
  router.post('/set', express.json(), (req, res) => {
    Object.assign(req.session, req.body);
    res.sendStatus(204);
  });
  router.post('/regenerate', (req, res, next) => req.session.regenerate(fail(res, next)));

  // Reading them.
  router.get('/get', (req, res) => {
    const value = req.session[req.query.key];
    if (value === undefined) return res.sendStatus(404);
    res.json(value);
  });
  router.get('/me', (req, res) => {
    if (!req.isAuthenticated()) return res.sendStatus(401);
    res.json({ user: req.user, visits: req.session.visits || 0 });
  });

  // Ending them: as passport does, and for good.
  router.post('/passport-logout', (req, res, next) => req.logout(fail(res, next)));
  router.post('/logout', (req, res, next) => req.session.destroy(fail(res, next)));

  // A request that has loaded the session and goes on when the test says so. With
  // a key it changes the session then.
  router.get('/slow', async (req, res) => {
    await gates.pass(req.query.gate);
    if (req.query.key) req.session[req.query.key] = true;
    res.json({ waited: true });
  });
  return router;
}

const root = express();
gates.serve(root);
const { store, ready } = await sessions.store(process.env);
for (const name of ['rolling', 'resave', 'rolling-resave', '']) {
  root.use('/' + name, app(store, { rolling: name.includes('rolling'), resave: name.includes('resave') }));
}
root.use((err, req, res, next) => {
  console.error(err);
  if (!res.headersSent) res.sendStatus(500);
});
await ready;
root.listen(Number(PORT), '127.0.0.1', () => console.log('Express listens'));
