using Nanodet.Detection.Natives;

namespace Nanodet.Serverless.Infra.Tests.Image;

/// <summary>The image against what the native libraries say that they need. No image is built here.</summary>
public sealed class DockerfileTests
{
    private static readonly Dockerfile File = Dockerfile.Read();

    /// <summary>Which package of NVIDIA's repository has which library.</summary>
    private static readonly Dictionary<string, string> CudaPackages = new()
    {
        ["libcublas.so.13"] = "libcublas-13-0",
        ["libcublasLt.so.13"] = "libcublas-13-0",
        ["libcudart.so.13"] = "cuda-cudart-13-0",
        ["libcudnn.so.9"] = "libcudnn9-cuda-13",
        ["libcurand.so.10"] = "libcurand-13-0",
    };

    /// <summary>Which package of Debian or Ubuntu has which library.</summary>
    private static readonly Dictionary<string, string> SystemPackages = new()
    {
        ["libstdc++.so.6"] = "libstdc++6",
    };

    /// <summary>The driver's: the machine's container runtime brings it.</summary>
    private const string Driver = "libcuda.so.1";

    /// <summary>In every image that runs a dynamically linked program: the C library, its loader, and GCC's support library.</summary>
    private static readonly string[] Always =
    [
        "ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libresolv.so.2", "librt.so.1",
    ];

    [Fact]
    public void CudaProvider_EachLibraryItNeeds_IsInstalledByName()
    {
        var needed = Needed("libonnxruntime_providers_cuda.so");

        Assert.Contains("libcublas.so.13", needed);
        Assert.Contains(Driver, needed);
        Assert.All(needed.Except(Always).Except([Driver]), library => Assert.Contains(Package(library), Installed(library)));
    }

    [Fact]
    public void CudaProvider_WhatItOpensAtRunTime_IsInstalledByName()
    {
        // A convolution opens cuDNN by name; it is not linked, so it is in the file's text only.
        Assert.Contains("libcudnn", ReadText("libonnxruntime_providers_cuda.so"), StringComparison.Ordinal);
        Assert.Contains("libcudnn9-cuda-13", File.Packages("cuda"));
        Assert.Contains("cuda-nvrtc-13-0", File.Packages("cuda"));
        Assert.Contains("zlib1g", File.Packages("final"));
    }

    [Theory]
    [InlineData("libonnxruntime.so")]
    [InlineData("libonnxruntime_providers_shared.so")]
    [InlineData("libvips.so.42")]
    public void NativeLibrary_EachLibraryItNeeds_IsInstalledByName(string library)
    {
        var needed = Needed(library);

        Assert.NotEmpty(needed);
        Assert.All(needed.Except(Always), name => Assert.Contains(Package(name), Installed(name)));
    }

    [Fact]
    public void FinalStage_Packages_AreTheRuntimesZlibAndTheFastDecoder()
    {
        // Debian's name of the decoder, and Ubuntu's: the base image's distribution is not said by its tag.
        Assert.Equal(["libstdc++6", "libturbojpeg", "libturbojpeg0", "zlib1g"], File.Packages("final").Order(StringComparer.Ordinal));
        Assert.Contains(File.Of("final", "RUN"), run => run.Contains("libturbojpeg0 || apt-get install", StringComparison.Ordinal));
    }

    [Fact]
    public void BuildStage_Publishing_IsForThePlatformOfTheImageAndTheCommandLineSharesTheAppsLibraries()
    {
        var run = string.Join('\n', File.Of("build", "RUN"));

        Assert.Equal(2, System.Text.RegularExpressions.Regex.Count(run, @"dotnet publish \S+ -c Release -r linux-x64 --no-self-contained"));
        Assert.Matches(@"publish src/Cli/Cli\.csproj \S.*-p:NanodetGpu=true", run);
        Assert.Contains("ln -sf \"/home/site/wwwroot/$library\" \"/out/cli/$library\"", run, StringComparison.Ordinal);
    }

    [Fact]
    public void CudaStage_EachPackage_IsPinnedAndCopied()
    {
        Assert.All(File.PackageLists("cuda"), package => Assert.Matches(@"^[a-z0-9.-]+=[0-9][0-9.]*-1$", package));
        var run = File.Of("cuda", "RUN").Single();
        Assert.All(CudaPackages.Keys, library =>
        {
            var stem = library[..library.IndexOf(".so", StringComparison.Ordinal)];
            Assert.Matches($@"/{stem}(\*)?\.so\.", run);
        });
        Assert.Contains("--from=cuda /out/cuda/ /opt/cuda/lib/", File.Of("final", "COPY"));
        Assert.Contains(File.Of("final", "RUN"), line => line.Contains("ldconfig", StringComparison.Ordinal));
    }

    [Fact]
    public void Stages_Bases_ArePinned()
    {
        Assert.Equal(["build", "cuda", "final"], File.Stages);
        Assert.Matches(@"^mcr\.microsoft\.com/dotnet/sdk:10\.0\.400@sha256:[0-9a-f]{64}$", File.Base("build"));
        Assert.Matches(@"^nvidia/cuda:13\.0\.\d+-base-ubuntu24\.04@sha256:[0-9a-f]{64}$", File.Base("cuda"));

        // This registry gives no tag that stays; the workflow pins the digest of the day and records it.
        Assert.Equal("mcr.microsoft.com/azure-functions/dotnet-isolated:4-dotnet-isolated10.0", File.Base("final"));
    }

    /// <summary>Without a digest of its owner's choice, azd builds from the base that the Dockerfile names.</summary>
    [Fact]
    public void Base_OfABuildByAzd_CanBePinnedAndIsThatOfTheDockerfileElse() => Assert.Contains(
        $"- FUNCTIONS_IMAGE=${{NANODET_FUNCTIONS_IMAGE={File.Base("final")}}}\n",
        System.IO.File.ReadAllText(Repository.PathOf("azure.yaml")),
        StringComparison.Ordinal);

    [Fact]
    public void FinalStage_User_IsNotRootAndThereIsNoSdk()
    {
        Assert.Equal("10001:10001", File.Of("final", "USER").Last());
        Assert.DoesNotContain("sdk", File.Base("final"), StringComparison.Ordinal);
        Assert.DoesNotContain(File.Of("final", "COPY"), copy => copy.Contains("/usr/share/dotnet", StringComparison.Ordinal));
        Assert.DoesNotContain(File.Packages("final"), package => package.Contains("sdk", StringComparison.Ordinal));
    }

    [Fact]
    public void FinalStage_HasWhatTheHostAndTheOperatorExpect()
    {
        Assert.Equal("8080", File.Of("final", "EXPOSE").Single());
        var environment = string.Join(' ', File.Of("final", "ENV"));
        Assert.Contains("ASPNETCORE_URLS=http://+:8080", environment, StringComparison.Ordinal);
        Assert.Contains("AzureWebJobsScriptRoot=/home/site/wwwroot", environment, StringComparison.Ordinal);
        Assert.Contains("WEBSITE_HOSTNAME=localhost:8080", environment, StringComparison.Ordinal);
        Assert.Contains("NVIDIA_VISIBLE_DEVICES=all", environment, StringComparison.Ordinal);
        Assert.Contains("/usr/local/bin/healthcheck", File.Of("final", "HEALTHCHECK").Single(), StringComparison.Ordinal);
        var labels = string.Join(' ', File.Of("final", "LABEL"));
        Assert.All(
            ["title", "description", "licenses", "version", "revision"],
            label => Assert.Contains($"org.opencontainers.image.{label}=", labels, StringComparison.Ordinal));
    }

    [Fact]
    public void BuildContext_EachFileThatIsCopied_IsNotIgnored()
    {
        var kept = System.IO.File.ReadAllLines(Repository.PathOf(".dockerignore"))
            .Where(line => line.StartsWith('!')).Select(line => line[1..]).ToArray();
        var copied = Dockerfile.Read().Stages.SelectMany(stage => File.Of(stage, "COPY"))
            .Where(copy => !copy.StartsWith("--from", StringComparison.Ordinal))
            .SelectMany(copy => copy.Split(' ')[..^1]).Select(path => path.TrimEnd('/')).ToArray();

        Assert.NotEmpty(copied);
        Assert.All(copied, path =>
        {
            Assert.True(Path.Exists(Repository.PathOf(path)), $"{path} is copied and is not there");
            Assert.True(kept.Any(entry => path == entry || path.StartsWith($"{entry}/", StringComparison.Ordinal)), $".dockerignore keeps {path} out");
        });
        Assert.Contains("**/local.settings.json", System.IO.File.ReadAllLines(Repository.PathOf(".dockerignore")));
    }

    [Fact]
    public void BuildStage_EachProjectOfTheImage_IsRestoredFromItsOwnFile()
    {
        var projects = Directory.EnumerateDirectories(Repository.PathOf("src")).SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj"))
            .Concat(Directory.EnumerateFiles(Repository.PathOf("build"), "*.targets")).Append(Repository.PathOf("Directory.Build.targets"))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'));
        var copied = File.Of("build", "COPY").SelectMany(copy => copy.Split(' '));

        Assert.All(projects, project => Assert.Contains(copied, entry => project == entry || (entry.EndsWith('/') && project.StartsWith(entry, StringComparison.Ordinal))));
    }

    private static IReadOnlyList<string> Needed(string library) => SharedObject.ReadNeeded(NativePath(library));

    private static string NativePath(string library) =>
        Path.Combine(BuildOutput.Functions, "runtimes", "linux-x64", "native", library);

    private static string Package(string library) =>
        CudaPackages.TryGetValue(library, out var package) || SystemPackages.TryGetValue(library, out package)
            ? package
            : $"(no package is known that has {library})";

    private static IReadOnlySet<string> Installed(string library) => File.Packages(CudaPackages.ContainsKey(library) ? "cuda" : "final");

    /// <summary>Whether a file holds a text, without holding the file.</summary>
    private static string ReadText(string library)
    {
        using var stream = System.IO.File.OpenRead(NativePath(library));
        var buffer = new byte[1 << 20];
        var kept = 0;
        while (stream.Read(buffer, kept, buffer.Length - kept) is > 0 and var read)
        {
            var span = buffer.AsSpan(0, kept + read);
            if (span.IndexOf("libcudnn"u8) >= 0)
            {
                return "libcudnn";
            }

            kept = Math.Min(16, span.Length);
            span[^kept..].CopyTo(buffer);
        }

        return string.Empty;
    }
}
