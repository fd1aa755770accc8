using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>The roles with the settings that the template of infra/bicep gives them.</summary>
internal sealed class TemplateDeployment : IDisposable
{
    // Where storage is comes from the test.
    private const string Storage = "AzureWebJobsStorage__";

    private static readonly Dictionary<string, object> Parameters = new()
    {
        ["environmentName"] = "test",
        ["location"] = "swedencentral",
        ["hosting"] = "cpu",
        ["topology"] = "split",
        ["image"] = "registry.example/nanodet:1",
    };

    private readonly DirectoryInfo _app = Directory.CreateTempSubdirectory("nanodet-app-");

    private TemplateDeployment(DeploymentSnapshot snapshot)
    {
        Snapshot = snapshot;

        // The build output without the settings of a developer's machine: what the template forgets would come from there.
        foreach (var entry in new DirectoryInfo(Deployment.AppDirectory).EnumerateFileSystemInfos())
        {
            if (entry.Name != "local.settings.json")
            {
                File.CreateSymbolicLink(Path.Combine(_app.FullName, entry.Name), entry.FullName);
            }
        }
    }

    public DeploymentSnapshot Snapshot { get; }

    /// <summary>The app as the image has it.</summary>
    public string AppDirectory => _app.FullName;

    public static async Task<TemplateDeployment> CreateAsync() => new(await DeploymentSnapshot.EvaluateAsync(
        Path.Combine(Repository.Root, "infra", "bicep", "main.bicep"), Parameters, App.Cancellation));

    /// <summary>The settings of a role, less the expressions that only Azure can evaluate: identities and addresses.</summary>
    public Dictionary<string, string> Settings(string role) => DeploymentSnapshot.Settings(Snapshot.App(role))
        .Where(setting => !setting.Key.StartsWith(Storage, StringComparison.Ordinal) && !setting.Value.StartsWith('['))
        .ToDictionary();

    /// <summary>Creates what the template creates in the account.</summary>
    public async Task CreateStorageAsync(Deployment deployment)
    {
        foreach (var container in Snapshot.NamesOf("Microsoft.Storage/storageAccounts/blobServices/containers"))
        {
            await deployment.Blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync();
        }

        foreach (var queue in Snapshot.NamesOf("Microsoft.Storage/storageAccounts/queueServices/queues"))
        {
            await deployment.Queues.GetQueueClient(queue).CreateIfNotExistsAsync();
        }
    }

    public void Dispose() => _app.Delete(recursive: true);
}
