// The names that the apps and the account agree on. They are the defaults of the options in src/Pipeline/Storage/StorageOptions.cs
// and of hubName in host.json; a test holds them together.

@export()
var containers = {
  images: 'images'
  detections: 'detections'
  models: 'models'
  checkpoints: 'checkpoints'
  jobs: 'jobs'
  staging: 'staging'
}

@export()
var queues = {
  images: 'images'
  batches: 'batches'
  events: 'events'
}

@export()
var poisonSuffix = '-poison'

// The blob trigger's own.
@export()
var blobTriggerPoisonQueue = 'webjobs-blobtrigger-poison'

@export()
var eventDeadLetters = 'event-dead-letters'

@export()
var keyContainer = 'azure-webjobs-secrets'

// Containers of the Functions host: locks, receipts and timers; keys.
@export()
var hostContainers = [
  'azure-webjobs-hosts'
  keyContainer
]

// What Durable Functions keep under hubName with partitionCount 1.
@export()
var taskHub = {
  leases: 'nanodetserverless-applease'
  controlQueue: 'nanodetserverless-control-00'
  workItemQueue: 'nanodetserverless-workitems'
  tables: [
    'NanodetServerlessHistory'
    'NanodetServerlessInstances'
    'NanodetServerlessPartitions'
  ]
}
