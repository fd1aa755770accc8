using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>Finds the function app's build output, and the repository it was built in.</summary>
internal static class AppFolder
{
    private const string Solution = "Nanodet.Serverless.sln";
    private const string WorkerConfig = "worker.config.json";

    // Where the app takes native libraries from when it has none of its own: its Hosting/SharedNatives.cs.
    private const string NativesVariable = "NANODET_NATIVES";

    /// <summary>Where the tool's own app is.</summary>
    private static string Beside => Path.Combine(AppContext.BaseDirectory, "app");

    /// <summary>The folder of the function app: beside this program, or the build output in the repository around it.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static string Find()
    {
        var configuration = Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!);
        var built = FindRepository() is { } root ? Path.Combine(root, "src", "Functions", "bin", configuration, "net10.0") : null;
        if (new[] { Beside, built }.FirstOrDefault(folder =>
            folder is not null && File.Exists(Path.Combine(folder, WorkerConfig))) is { } found)
        {
            return found;
        }

        throw new CliException("app_not_built", built is null
            ? $"expected the function app in {Beside}, found none there: install the tool again, or name the app's folder with --app."
            : $"expected the function app in {Beside} or {built}, found none there: "
                + $"run 'dotnet build src/Functions -c {configuration}', or name its folder with --app.");
    }

    /// <summary>What an app has to be told because of where it is: the tool's own has its native libraries in the tool's folder.</summary>
    public static IReadOnlyDictionary<string, string> Settings(string app) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(app)) == Beside
            ? new Dictionary<string, string> { [NativesVariable] = AppContext.BaseDirectory }
            : new Dictionary<string, string>();

    /// <summary>The repository that this program was built in, or null.</summary>
    public static string? FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Solution)))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    /// <summary>The npm package of the demo's model in the repository, or null where it is not installed.</summary>
    public static DirectoryInfo? FindDemoPackage() =>
        FindRepository() is { } root
        && new DirectoryInfo(Path.Combine(root, "models", "demo", "node_modules", "@vladmandic", "human")) is { Exists: true } package
            ? package
            : null;
}
