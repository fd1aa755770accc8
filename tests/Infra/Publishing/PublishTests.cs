using System.Runtime.InteropServices;

namespace Nanodet.Serverless.Infra.Tests.Publishing;

/// <summary>
/// What is published for a platform holds that platform's native code and no other's. By default the platforms whose packages a Linux
/// machine has anyway or that are small; with <c>NANODET_PUBLISH=all</c> (<c>./test.sh --publish</c>) each one that is served.
/// </summary>
public sealed class PublishTests(PublishedProjects projects) : IClassFixture<PublishedProjects>
{
    private static readonly string[] Few = ["linux-x64", "linux-arm64", "linux-musl-x64"];
    private static readonly string[] All = [.. Few, "win-x64", "osx-arm64"];

    /// <summary>Each project with each platform.</summary>
    public static TheoryData<string, string> Outputs
    {
        get
        {
            var outputs = new TheoryData<string, string>();
            foreach (var platform in Environment.GetEnvironmentVariable("NANODET_PUBLISH") == "all" ? All : Few)
            {
                outputs.Add("Cli", platform);
                outputs.Add("Functions", platform);
            }

            return outputs;
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Outputs))]
    public async Task Publish_ForAPlatform_HoldsItsNativeLibrariesAndNoOthers(string project, string platform)
    {
        var (folder, output) = await projects.PublishAsync(project, platform, Token);
        var natives = NativesOf(folder);

        Assert.All(natives, native => Assert.True(native.Platform == platform, $"{native.Name} is for {native.Platform}, expected {platform}"));
        Assert.Equal(Expected(project, platform).Order(StringComparer.Ordinal), natives.Select(native => native.Name).Order(StringComparer.Ordinal));
        Assert.Equal(platform.Contains("musl", StringComparison.Ordinal), output.Contains("NANO1001", StringComparison.Ordinal));
        if (output.Contains("NANO1001", StringComparison.Ordinal))
        {
            Assert.Contains($"Microsoft.ML.OnnxRuntime 1.31.0 has no native library for the platform {platform}", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Build_WithoutAPlatform_HoldsThisMachinesNativeLibraries()
    {
        var natives = NativesOf(Path.Combine(BuildOutput.Functions, "runtimes"));

        Assert.NotEmpty(natives);
        Assert.All(natives, native => Assert.Equal(RuntimeInformation.RuntimeIdentifier, native.Platform));
        Assert.Contains(natives, native => native.Name.Contains("onnxruntime", StringComparison.Ordinal));
        Assert.Contains(natives, native => native.Name.Contains("vips", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("osx-arm64", "true", "NANO1003", "the platform is 'osx-arm64'")]
    [InlineData("linux-x64", "cuda", "NANO1004", "NanodetGpu is 'cuda'; expected true or false")]
    public async Task Restore_GpuThatCannotBeGiven_FailsByName(string platform, string gpu, string code, string message)
    {
        var (exitCode, output) = await PublishedProjects.RunAsync(
            ["msbuild", Repository.PathOf("src", "Cli"), "-t:CollectPackageReferences", $"-p:RuntimeIdentifier={platform}", $"-p:NanodetGpu={gpu}", "-nologo"],
            Token);

        Assert.NotEqual(0, exitCode);
        Assert.Contains($"error {code}: ", output, StringComparison.Ordinal);
        Assert.Contains(message, output, StringComparison.Ordinal);
    }

    /// <summary>One run of MSBuild asks all of them: each start of it takes longer than what is asked.</summary>
    [Fact]
    public async Task Packages_OfEachExecutable_FollowPlatformAndProperty()
    {
        (string Project, string Platform, string Gpu, string Expected)[] cases =
        [
            ("Cli", "linux-x64", "", "Microsoft.ML.OnnxRuntime"),
            ("Cli", "linux-x64", "true", "Microsoft.ML.OnnxRuntime.Gpu.Linux"),
            ("Cli", "win-x64", "true", "Microsoft.ML.OnnxRuntime.Gpu.Windows"),
            ("Functions", "win-x64", "", "Microsoft.ML.OnnxRuntime.Gpu.Windows"),
            ("Functions", "win-x64", "false", "Microsoft.ML.OnnxRuntime"),
            ("Functions", "osx-arm64", "", "Microsoft.ML.OnnxRuntime"),
        ];

        var packages = await projects.PackagesAsync(cases.Select(item => (item.Project, item.Platform, item.Gpu)), Token);

        Assert.Equal(cases.Length, packages.Count);
        Assert.All(cases.Zip(packages), pair =>
        {
            var (asked, found) = pair;
            Assert.Equal([asked.Expected], found.Where(package => package.StartsWith("Microsoft.ML.OnnxRuntime", StringComparison.Ordinal)));
            Assert.Equal(
                [$"NetVips.Native.{asked.Platform}"], found.Where(package => package.StartsWith("NetVips.Native", StringComparison.Ordinal)));
        });
    }

    private static IReadOnlyList<(string Name, string Platform)> NativesOf(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => (Name: Path.GetFileName(path), Platform: NativeFile.FindPlatform(path)!))
            .Where(file => file.Platform is not null)];

    private static IEnumerable<string> Expected(string project, string platform)
    {
        var isWindows = platform.StartsWith("win", StringComparison.Ordinal);
        var isMac = platform.StartsWith("osx", StringComparison.Ordinal);
        yield return $"Nanodet.Serverless.{project}{(isWindows ? ".exe" : "")}";
        yield return isWindows ? "libvips-42.dll" : isMac ? "libvips.42.dylib" : "libvips.so.42";
        string[] parts = platform switch
        {
            "linux-musl-x64" => [],
            "osx-arm64" => [""],
            "linux-x64" or "win-x64" when project == "Functions" => ["", "_providers_shared", "_providers_cuda", "_providers_tensorrt"],
            _ => ["", "_providers_shared"],
        };
        foreach (var part in parts)
        {
            yield return isWindows ? $"onnxruntime{part}.dll" : $"libonnxruntime{part}{(isMac ? ".dylib" : ".so")}";
        }
    }
}
