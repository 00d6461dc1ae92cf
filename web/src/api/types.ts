// The API's shapes under the names that the console uses. All come from the generated schema.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Action = Schemas['Action'];
export type AdministrationItem = Schemas['AdministrationItem'];
export type Alert = Schemas['Alert'];
export type AlertDetail = Schemas['AlertDetail'];
export type AlertItem = Schemas['AlertItem'];
export type ControlDetail = Schemas['ControlDetail'];
export type ControlItem = Schemas['ControlItem'];
export type Criteria = Schemas['Criteria'];
export type Criterion = Schemas['Criterion'];
export type Decision = Schemas['Decision'];
export type DecisionRequest = Schemas['DecisionRequest'];
export type Finding = Schemas['Finding'];
export type FindingDetail = Schemas['FindingDetail'];
export type FindingStatus = Finding['status'];
export type Gap = Schemas['Gap'];
export type Judgement = Schemas['Judgement'];
export type Me = Schemas['Me'];
export type Outcome = Schemas['Outcome'];
export type Population = Schemas['Population'];
export type PopulationItem = Schemas['PopulationItem'];
export type RejectedItem = Schemas['RejectedItem'];
export type RuleItem = Schemas['RuleItem'];
export type Scope = Schemas['Scope'];
export type ServiceStatus = Schemas['ServiceStatus'];
export type Severity = Schemas['Severity'];
export type SensorItem = Schemas['SensorItem'];
export type SourceItem = Schemas['SourceItem'];
export type SourceMinute = Schemas['SourceMinute'];
export type Subject = Schemas['Subject'];
export type Summary = Schemas['Summary'];
export type TokenItem = Schemas['TokenItem'];
export type TrailEntry = Schemas['TrailEntry'];
export type Verdict = NonNullable<Finding['verdict']>;
