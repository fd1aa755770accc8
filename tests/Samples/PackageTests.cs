using System.IO.Compression;
using System.Xml.Linq;

namespace Nanodet.Serverless.Samples.Tests;

public sealed class PackageTests(BuiltSamples samples)
{
    private static readonly string[] Common = ["LICENSE", "README.md", "THIRD-PARTY-NOTICES.md"];

    [Theory]
    [InlineData("Nanodet.Detection", "Microsoft.Extensions.Logging.Abstractions;Microsoft.Extensions.Options;Microsoft.ML.OnnxRuntime.Managed;NetVips;OnnxSharp;YamlDotNet")]
    [InlineData("Nanodet.Checkpoints", "Google.Protobuf;OnnxSharp;YamlDotNet")]
    public void Package_Dependencies_AreManaged(string package, string expected)
    {
        using var archive = Open(package, "nupkg");
        var dependencies = Nuspec(archive).Descendants()
            .Where(element => element.Name.LocalName == "dependency")
            .Select(element => element.Attribute("id")!.Value);

        Assert.Equal(expected.Split(';'), dependencies.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Nanodet.Detection", "buildTransitive/Nanodet.Detection.targets;fonts/Inter-Bold.ttf;fonts/fonts.conf")]
    [InlineData("Nanodet.Checkpoints", "")]
    public void Package_Files_AreTheLibraryItsDocsAndWhatItNeeds(string package, string further)
    {
        using var archive = Open(package, "nupkg");
        var files = archive.Entries.Select(entry => entry.FullName)
            .Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal)
                && !name.StartsWith("package/", StringComparison.Ordinal)
                && !name.StartsWith('['));

        Assert.Equal(
            new[] { $"{package}.nuspec", $"lib/net10.0/{package}.dll", $"lib/net10.0/{package}.xml" }
                .Concat(Common).Concat(further.Split(';', StringSplitOptions.RemoveEmptyEntries)).Order(StringComparer.Ordinal),
            files.Order(StringComparer.Ordinal));
        using var symbols = Open(package, "snupkg");
        Assert.Contains(symbols.Entries, entry => entry.FullName == $"lib/net10.0/{package}.pdb");
    }

    [Theory]
    [InlineData("Nanodet.Detection")]
    [InlineData("Nanodet.Checkpoints")]
    public async Task Package_Description_SaysWhatItIsAndNoAddressThatIsNone(string package)
    {
        using var archive = Open(package, "nupkg");
        var nuspec = Nuspec(archive);
        var remote = await ProgramRun.OfAsync(Repository.Root, "git", "remote");

        Assert.Equal("Apache-2.0", Text(nuspec, "license"));
        Assert.Equal("README.md", Text(nuspec, "readme"));
        Assert.Contains("nanodet", Text(nuspec, "tags"), StringComparison.Ordinal);
        Assert.NotEmpty(Text(nuspec, "description")!);
        if (remote.Output.Length == 0)
        {
            Assert.Null(nuspec.Descendants().FirstOrDefault(element => element.Name.LocalName == "repository")?.Attribute("url"));
            Assert.Null(Text(nuspec, "projectUrl"));
        }
    }

    [Fact]
    public void Samples_Versions_AreThoseOfTheRepository()
    {
        var central = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"));
        var properties = central.Descendants("PropertyGroup").Elements()
            .ToDictionary(element => $"$({element.Name.LocalName})", element => element.Value);
        var versions = central.Descendants("PackageVersion").ToDictionary(
            element => element.Attribute("Include")!.Value,
            element => properties.GetValueOrDefault(element.Attribute("Version")!.Value, element.Attribute("Version")!.Value));
        var library = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("Version").Single().Value;
        (versions["Nanodet.Detection"], versions["Nanodet.Checkpoints"]) = (library, library);

        var samples = Directory.EnumerateFiles(Path.Combine(Repository.Root, "samples"), "*.csproj", SearchOption.AllDirectories).ToArray();
        Assert.Equal(3, samples.Length);
        foreach (var sample in samples)
        {
            var project = XDocument.Load(sample);
            Assert.Empty(project.Descendants("ProjectReference"));
            Assert.NotEmpty(project.Descendants("PackageReference"));
            Assert.All(project.Descendants("PackageReference"), reference =>
                Assert.Equal(versions[reference.Attribute("Include")!.Value], reference.Attribute("Version")!.Value));
        }

        // What the package's own page tells people to install.
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "src", "Detection", "README.md"));
        foreach (var package in new[] { "Nanodet.Detection", "Microsoft.ML.OnnxRuntime", "NetVips.Native.linux-x64" })
        {
            Assert.Contains($"Include=\"{package}\" Version=\"{versions[package]}\"", readme, StringComparison.Ordinal);
        }
    }

    private static XDocument Nuspec(ZipArchive archive)
    {
        using var stream = archive.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(stream);
    }

    private static string? Text(XDocument nuspec, string name) =>
        nuspec.Descendants().FirstOrDefault(element => element.Name.LocalName == name)?.Value;

    private ZipArchive Open(string package, string ending) =>
        ZipFile.OpenRead(Path.Combine(samples.Feed, $"{package}.{samples.Version}.{ending}"));
}
