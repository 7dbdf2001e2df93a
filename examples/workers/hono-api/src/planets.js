// The catalogue that the API serves. Fixed, so that every isolate gives the same answers.

export const PLANETS = [
  { id: 1, name: "Mercury", moons: 0 },
  { id: 2, name: "Venus", moons: 0 },
  { id: 3, name: "Earth", moons: 1 },
  { id: 4, name: "Mars", moons: 2 },
  { id: 5, name: "Jupiter", moons: 95 },
  { id: 6, name: "Saturn", moons: 146 },
  { id: 7, name: "Uranus", moons: 28 },
  { id: 8, name: "Neptune", moons: 16 },
];
