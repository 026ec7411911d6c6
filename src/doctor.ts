export { runDoctor, type DoctorOptions } from './doctor/doctor';
export type { Finding, Place, Severity } from './doctor/finding';
