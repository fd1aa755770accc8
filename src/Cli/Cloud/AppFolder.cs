using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>Finds the function app's build output, and the repository it was built in.</summary>
internal static class AppFolder
{
    private const string Solution = "Nanodet.Serverless.sln";
    private const string WorkerConfig = "worker.config.json";

    /// <summary>The folder of the function app: beside this program, or the build output in the repository around it.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static string Find()
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "app");
        var configuration = Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))!);
        var built = FindRepository() is { } root ? Path.Combine(root, "src", "Functions", "bin", configuration, "net10.0") : null;
        return new[] { beside, built }.FirstOrDefault(folder => folder is not null && File.Exists(Path.Combine(folder, WorkerConfig)))
            ?? throw new CliException("app_not_built", $"there is no function app in {beside}{(built is null ? "" : $" and none in {built}")}: run 'dotnet build src/Functions -c {configuration}', or name its folder with --app.");
    }

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
}
