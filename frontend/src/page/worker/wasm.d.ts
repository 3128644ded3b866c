// The build writes the address of the module in the place of this import.
declare module '*.wasm?url' {
  const address: string;
  export default address;
}
