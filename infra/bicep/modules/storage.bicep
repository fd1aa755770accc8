// The storage account: images in, results out, queues, and the task hub. No keys, no public blobs.

import { blobTriggerPoisonQueue, containers, eventDeadLetters, hostContainers, poisonSuffix, queues, taskHub } from 'names.bicep'

param location string
param tags object
param name string

@description('Storage redundancy.')
param sku string

@description('Days after which results are deleted; 0 keeps them.')
@minValue(0)
param resultRetentionDays int

@description('True: only the private endpoints, the addresses below and trusted Azure services reach the account.')
param isPrivate bool

@description('Public addresses (CIDR) that may reach a private account, for example the machine that publishes models.')
param allowedIpAddresses array

var allContainers = concat(
  map(items(containers), item => item.value),
  hostContainers,
  [taskHub.leases, eventDeadLetters]
)
var jobQueues = map(items(queues), item => item.value)
var allQueues = concat(
  jobQueues,
  map(jobQueues, queue => '${queue}${poisonSuffix}'),
  [blobTriggerPoisonQueue, taskHub.controlQueue, taskHub.workItemQueue]
)

// Batch lists and marks are deleted when their batch is written; what a message that came twice left behind goes after a month. Dead letters
// stay until somebody has looked at them, for a quarter at most.
var lifecycleRules = concat(
  [
    {
      name: 'forgotten-lists'
      enabled: true
      type: 'Lifecycle'
      definition: {
        filters: {
          blobTypes: ['blockBlob']
          prefixMatch: ['${containers.staging}/lists/', '${containers.staging}/begun/']
        }
        actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 30 } } }
      }
    }
    {
      name: 'thumbnails'
      enabled: true
      type: 'Lifecycle'
      definition: {
        filters: { blobTypes: ['blockBlob'], prefixMatch: ['${containers.staging}/thumbnails/'] }
        actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 30 } } }
      }
    }
    {
      name: 'dead-letters'
      enabled: true
      type: 'Lifecycle'
      definition: {
        filters: {
          blobTypes: ['blockBlob']
          prefixMatch: ['${containers.staging}/dead-letters/', '${eventDeadLetters}/']
        }
        actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 90 } } }
      }
    }
  ],
  resultRetentionDays == 0
    ? []
    : [
        {
          name: 'old-results'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${containers.detections}/', '${containers.jobs}/'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: resultRetentionDays } } }
          }
        }
      ]
)

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      // Event Grid delivers as a trusted service, with its own identity.
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      ipRules: [for address in allowedIpAddresses: { action: 'Allow', value: address }]
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource container 'containers' = [
      for container in allContainers: {
        name: container
        properties: { publicAccess: 'None' }
      }
    ]
  }

  resource queueService 'queueServices' = {
    name: 'default'

    resource queue 'queues' = [for queue in allQueues: { name: queue }]
  }

  resource tableService 'tableServices' = {
    name: 'default'

    resource table 'tables' = [for table in taskHub.tables: { name: table }]
  }

  resource lifecycle 'managementPolicies' = {
    name: 'default'
    properties: { policy: { rules: lifecycleRules } }
    dependsOn: [blobs]
  }
}
