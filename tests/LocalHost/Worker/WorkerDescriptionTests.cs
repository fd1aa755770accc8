using Nanodet.Serverless.LocalHost.Worker;

namespace Nanodet.Serverless.LocalHost.Tests.Worker;

public sealed class WorkerDescriptionTests : IDisposable
{
    private readonly string _app = Directory.CreateTempSubdirectory("nanodet-app-").FullName;

    public void Dispose() => Directory.Delete(_app, recursive: true);

    [Theory]
    [InlineData("dotnet", "dotnet")]
    [InlineData("{WorkerRoot}App.exe", "App.exe")]
    public void Read_ExecutableOfAnApp_IsTheSharedOneOrTheAppsOwn(string written, string expected)
    {
        File.WriteAllText(Path.Combine(_app, "host.json"), "{}");
        File.WriteAllText(
            Path.Combine(_app, "worker.config.json"),
            $$"""{ "description": { "language": "dotnet-isolated", "defaultExecutablePath": "{{written}}", "defaultWorkerPath": "App.dll" } }""");

        var description = WorkerDescription.Read(_app);

        Assert.Equal(written == expected ? expected : Path.Combine(_app, expected), description.Executable);
        Assert.Equal(Path.Combine(_app, "App.dll"), description.WorkerPath);
    }
}
