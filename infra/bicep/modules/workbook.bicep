// What the app measures, as a page beside its Application Insights resource. The page itself is workbook.json.

param location string
param tags object
param token string
param insightsName string

@description('Price of a second of a replica with the model, in place of the T4 worker\'s that stands in the page.')
param workerPrice string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = { name: insightsName }

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // A workbook's name has to be a GUID; the same one updates it.
  name: guid(resourceGroup().id, token, 'nanodet-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Nanodet.Serverless ${token}'
    category: 'workbook'
    sourceId: insights.id
    version: 'Notebook/1.0'
    serializedData: replace(string(loadJsonContent('../workbook.json')), '"0.00046"', '"${workerPrice}"')
  }
}
