using System.Text.Json;

namespace Nanodet.Serverless.LocalHost.Worker;

/// <summary>How to start an app's worker: what the build wrote into <c>worker.config.json</c>.</summary>
internal sealed record WorkerDescription(string AppDirectory, string Executable, string WorkerPath)
{
    private const string WorkerRoot = "{WorkerRoot}";

    /// <exception cref="FunctionHostException">The folder is not the build output of an isolated .NET function app.</exception>
    public static WorkerDescription Read(string appDirectory)
    {
        var directory = Path.GetFullPath(appDirectory);
        foreach (var file in (string[])["host.json", "worker.config.json"])
        {
            if (!File.Exists(Path.Combine(directory, file)))
            {
                throw NotAnApp($"'{directory}' has no {file}; expected the build output of an isolated function app.");
            }
        }

        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "worker.config.json")));
            var description = json.RootElement.GetProperty("description");
            var language = description.GetProperty("language").GetString();
            if (language != "dotnet-isolated")
            {
                throw NotAnApp($"'{directory}' has a worker for '{language}'; expected 'dotnet-isolated'.");
            }

            return new WorkerDescription(
                directory,
                // A self-contained app is started by its own program.
                description.GetProperty("defaultExecutablePath").GetString()!
                    .Replace(WorkerRoot, directory + Path.DirectorySeparatorChar, StringComparison.Ordinal),
                Path.Combine(directory, description.GetProperty("defaultWorkerPath").GetString()!));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw NotAnApp($"worker.config.json in '{directory}' does not describe a worker: {exception.Message}", exception);
        }
    }

    private static FunctionHostException NotAnApp(string message, Exception? cause = null) => new("not_a_function_app", message, cause);
}
