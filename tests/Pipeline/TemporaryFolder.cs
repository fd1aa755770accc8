namespace Nanodet.Serverless.Pipeline.Tests;

/// <summary>A folder that goes with its owner.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("nanodet-integration-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
