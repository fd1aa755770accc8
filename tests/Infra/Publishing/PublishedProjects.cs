using System.Diagnostics;

namespace Nanodet.Serverless.Infra.Tests.Publishing;

/// <summary>
/// Publishes projects into a temporary folder. What is built on the way is there, too, and is the same for each platform, so that the
/// sources are compiled once and the build output in the repository stays as it is.
/// </summary>
public sealed class PublishedProjects : IDisposable
{
    private const string Pivot = "one";

    private readonly string _folder = Directory.CreateTempSubdirectory("nanodet-publish-").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary><c>dotnet publish src/PROJECT -r PLATFORM</c>, without what only style needs.</summary>
    /// <returns>The folder and what the command printed.</returns>
    internal async Task<(string Folder, string Output)> PublishAsync(string project, string platform, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(_folder, $"{project}-{platform}");
        var artifacts = Path.Combine(_folder, "artifacts");

        // Of what is built on the way only the start program differs by platform, and it is made again by date alone.
        var made = Path.Combine(artifacts, "obj", project, Pivot);
        foreach (var start in Directory.Exists(made) ? Directory.GetFiles(made, "apphost*") : [])
        {
            File.Delete(start);
        }

        var (exitCode, output) = await RunAsync(
            [
                "publish", Repository.PathOf("src", project), "-c", "Release", "-r", platform, "--no-self-contained", "-o", folder,
                "--artifacts-path", artifacts, $"-p:ArtifactsPivots={Pivot}", "-p:RunAnalyzers=false",
                "-p:EnforceCodeStyleInBuild=false", "-p:CreateHardLinksForPublishFilesIfPossible=true", "-nologo", "-v", "quiet",
            ],
            cancellationToken);
        Assert.True(exitCode == 0, $"dotnet publish of {project} for {platform} ended with {exitCode}: {output}");
        return (folder, output);
    }

    /// <summary>The packages that projects ask for, each with a platform and <c>NanodetGpu</c>; in that order.</summary>
    internal async Task<IReadOnlyList<string[]>> PackagesAsync(
        IEnumerable<(string Project, string Platform, string Gpu)> asked, CancellationToken cancellationToken)
    {
        var calls = asked.Select((item, index) => $"""
            <MSBuild Projects="{Repository.PathOf("src", item.Project, $"{item.Project}.csproj")}" Targets="CollectPackageReferences"
                     Properties="Configuration=Release;RuntimeIdentifier={item.Platform};NanodetGpu={item.Gpu}">
              <Output TaskParameter="TargetOutputs" ItemName="Asked{index}" />
            </MSBuild>
            <Message Importance="high" Text="packages: @(Asked{index}, ' ')" />
            """);
        var file = Path.Combine(_folder, "packages.proj");
        await File.WriteAllTextAsync(
            file, $"<Project><Target Name=\"Ask\">{string.Concat(calls)}</Target></Project>", cancellationToken);
        var (exitCode, output) = await RunAsync(["msbuild", file, "-nologo", "-v:minimal", "-tl:off"], cancellationToken);
        Assert.True(exitCode == 0, output);
        return [.. output.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("packages: ", StringComparison.Ordinal))
            .Select(line => line["packages: ".Length..].Split(' '))];
    }

    /// <summary>
    /// Runs <c>dotnet</c>. Nodes of MSBuild that would outlive the command, and hold its output open, are not started; the compiler's server
    /// does not hold it.
    /// </summary>
    internal static async Task<(int ExitCode, string Output)> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [.. arguments, "-nodeReuse:false", "-p:UseSharedCompilation=true"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };
        using var process = Process.Start(start)!;
        await using var kill = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, output + await error);
    }
}
