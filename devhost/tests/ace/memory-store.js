// Where the app keeps its tenants. The one that the framework brings for this needs a
// compiler; a store of one's own is registered as its lib/store/index.js says.
class MemoryStore {
  constructor() {
    this.values = new Map();
  }

  isMemoryStore() {
    return true;
  }

  async get(key, clientKey) {
    return this.values.get(`${clientKey}/${key}`) ?? null;
  }

  async set(key, value, clientKey) {
    this.values.set(`${clientKey}/${key}`, value);
    return value;
  }

  async saveInstallation(value, clientKey) {
    return this.set("clientInfo", value, clientKey);
  }

  async del(key, clientKey) {
    this.values.delete(`${clientKey}/${key}`);
  }
}

module.exports = () => new MemoryStore();
