declare module 'virtual:brotli-wasm' {
  const base64: string;
  export default base64;
}
