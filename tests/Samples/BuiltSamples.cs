using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Nanodet.Serverless.Samples.Tests;

/// <summary>
/// Both packages, packed into a folder, and the samples, built against them in a folder that has nothing to do with the repository. Beside
/// the samples stands <c>Consumer</c>, a program that knows the package by way of a library only.
/// </summary>
public sealed class BuiltSamples : IAsyncLifetime
{
    private const string SamplePlatform = "linux-x64";

    private const string Library = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Nanodet.Detection" Version="0.1.0" />
          </ItemGroup>
        </Project>
        """;

    private const string Consumer = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <RuntimeIdentifier>linux-x64</RuntimeIdentifier>
            <SelfContained>false</SelfContained>
          </PropertyGroup>
          <ItemGroup>
            <ProjectReference Include="../Library/Library.csproj" />
            <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="1.31.0" ExcludeAssets="build" />
            <PackageReference Include="NetVips.Native.linux-x64" Version="8.18.7" />
          </ItemGroup>
        </Project>
        """;

    private const string ConsumerProgram = """
        using Nanodet.Detection;
        using Nanodet.Detection.Annotation;
        using Nanodet.Detection.Detectors;

        try
        {
            var photo = File.ReadAllBytes(args[1]);
            using var detector = Detector.Load(args[0]);
            var detections = detector.Detect(photo).Detections;
            File.WriteAllBytes(args[2], Annotator.Annotate(photo, detections));
            Console.WriteLine(string.Join(", ", detections.Select(found => found.ClassName)));
            return 0;
        }
        catch (NanodetException exception)
        {
            Console.Error.WriteLine($"{exception.Code}: {exception.Message}");
            return 1;
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("nanodet-samples-").FullName;

    /// <summary>The packages' version, of this run alone: no cache has it.</summary>
    public string Version { get; } = $"0.1.0-test.{Guid.NewGuid():N}";

    /// <summary>This machine's platform.</summary>
    public static string Platform { get; } = RuntimeInformation.RuntimeIdentifier;

    /// <summary>The folder of the packages.</summary>
    public string Feed => File("feed");

    /// <summary>The path of a file in the folder of the samples.</summary>
    public string File(params string[] names) => Path.Combine([_folder, .. names]);

    /// <summary>The folder that a sample was built into.</summary>
    public string OutputOf(string sample) => Path.GetDirectoryName(
        Directory.EnumerateFiles(File(sample, "bin"), $"{sample}.dll", SearchOption.AllDirectories).Single())!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        foreach (var sample in Directory.EnumerateDirectories(Path.Combine(Repository.Root, "samples")))
        {
            Copy(sample);
        }

        Write("Library/Library.csproj", Library);
        Write("Consumer/Consumer.csproj", Consumer);
        Write("Consumer/Program.cs", ConsumerProgram);

        CopyReadme("Detection", "Consumer");
        CopyReadme("Checkpoints", "Convert");

        // The machine's own sources stay; this one comes on top.
        Write("NuGet.config", """<configuration><packageSources><add key="samples" value="feed" /></packageSources></configuration>""");
        Directory.CreateDirectory(Feed);
        Write("packages.slnx", Solution("Checkpoints", "Detection").Replace("=\"", $"=\"{Repository.Root}/src/", StringComparison.Ordinal));
        Write("samples.slnx", Solution("BatchingServer", "Consumer", "Convert", "Detect"));

        // The libraries as they were built with these tests.
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        await DotnetAsync(
            "pack", "packages.slnx", "--no-build", "-c", configuration, "-o", Feed, $"-p:Version={Version}", $"-p:NuspecOutputPath={File("nuspec")}/",
            "-nologo", "-v", "quiet");
        await DotnetAsync("build", "samples.slnx", "-c", "Release", "-nologo", "-v", "quiet");
    }

    /// <summary>Runs a sample to its end, in the folder of the samples.</summary>
    internal Task<ProgramRun> RunAsync(string sample, params string[] arguments) =>
        ProgramRun.OfAsync(_folder, "dotnet", ["exec", Path.Combine(OutputOf(sample), $"{sample}.dll"), .. arguments]);

    /// <summary>Starts a sample.</summary>
    internal Process Start(string sample, params string[] arguments) =>
        ProgramRun.Start(_folder, "dotnet", ["exec", Path.Combine(OutputOf(sample), $"{sample}.dll"), .. arguments]);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        // NuGet unpacked the packages of this run for good.
        var assets = File("Detect", "obj", "project.assets.json");
        if (System.IO.File.Exists(assets))
        {
            using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(assets));
            foreach (var cache in document.RootElement.GetProperty("packageFolders").EnumerateObject())
            {
                foreach (var package in new[] { "nanodet.detection", "nanodet.checkpoints" })
                {
                    var unpacked = Path.Combine(cache.Name, package, Version);
                    if (Directory.Exists(unpacked))
                    {
                        Directory.Delete(unpacked, recursive: true);
                    }
                }
            }
        }

        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static string Solution(params string[] projects) =>
        $"<Solution>{string.Concat(projects.Select(project => $"<Project Path=\"{project}/{project}.csproj\" />"))}</Solution>";

    /// <summary>Copies a sample's own files.</summary>
    private void Copy(string sample)
    {
        foreach (var path in Directory.EnumerateFiles(sample))
        {
            Write(Path.Combine(Path.GetFileName(sample), Path.GetFileName(path)), System.IO.File.ReadAllText(path));
        }
    }

    /// <summary>Has the code on a package's page built along with a project.</summary>
    private void CopyReadme(string library, string project)
    {
        var readme = System.IO.File.ReadAllText(Path.Combine(Repository.Root, "src", library, "README.md")).ReplaceLineEndings("\n");
        var blocks = readme.Split("```csharp\n")[1..];
        Assert.NotEmpty(blocks);
        for (var i = 0; i < blocks.Length; i++)
        {
            var lines = blocks[i][..blocks[i].IndexOf("```", StringComparison.Ordinal)].Split('\n');
            var directives = lines.TakeWhile(line => line.StartsWith("using Nanodet.", StringComparison.Ordinal)).ToArray();
            Write($"{project}/Readme{i}.cs", $$"""
                {{string.Join('\n', directives)}}
                internal static class Readme{{i}}
                {
                    public static void Run()
                    {
                        {{string.Join('\n', lines[directives.Length..])}}
                    }
                }
                """);
        }
    }

    /// <summary>Writes a file; a project gets this run's packages, and this machine's platform.</summary>
    private void Write(string name, string content)
    {
        if (name.EndsWith(".csproj", StringComparison.Ordinal))
        {
            content = content.Replace("Version=\"0.1.0\"", $"Version=\"{Version}\"", StringComparison.Ordinal)
                .Replace(SamplePlatform, Platform, StringComparison.Ordinal);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllText(File(name), content);
    }

    private async Task DotnetAsync(params string[] arguments)
    {
        var run = await ProgramRun.OfAsync(_folder, "dotnet", arguments);
        Assert.True(run.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {run.ExitCode}: {run.Output}{run.Error}");
    }
}
