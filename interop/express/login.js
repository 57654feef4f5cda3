import express from 'express';
import passport from 'passport';
import { Strategy } from 'passport-local';

// What passport keeps in the session is whatever the app serializes: here the
// user's name, number or object, as the login form asks for.
const kinds = {
  string: (name) => name,
  number: (name) => Number(name),
  object: (name) => ({ id: name, roles: ['reader'] }),
};

const auth = new passport.Passport();
auth.serializeUser((user, done) => done(null, user.kept));
auth.deserializeUser((kept, done) => done(null, kept));
auth.use(new Strategy({ usernameField: 'user', passwordField: 'password', passReqToCallback: true },
  (req, user, password, done) => done(null, { kept: kinds[req.body.kind || 'string'](user) })));

export function login(router) {
  router.use(auth.initialize(), auth.session());
  router.post('/login', express.urlencoded({ extended: false }), auth.authenticate('local', { keepSessionInfo: true }),
    (req, res) => res.sendStatus(204));
}
