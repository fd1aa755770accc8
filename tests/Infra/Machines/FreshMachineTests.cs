namespace Nanodet.Serverless.Infra.Tests.Machines;

/// <summary>What tools/fresh-machine.sh decides before it makes anything: the package source, and whether this machine can do it.</summary>
public sealed class FreshMachineTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-apt-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Script => Repository.PathOf("tools", "fresh-machine.sh");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("deb http://deb.debian.org/debian bookworm main", "http://deb.debian.org/debian")]
    [InlineData("deb http://mirror.example:8080/debian/ bookworm main contrib # ours", "http://mirror.example:8080/debian")]
    [InlineData("deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://mirror.example/os bookworm main", "https://mirror.example/os")]
    [InlineData("deb [ signed-by=/usr/share/keyrings/debian-archive-keyring.gpg ] https://mirror.example/os bookworm contrib main", "https://mirror.example/os")]
    [InlineData("deb-src http://a.debian.org/debian bookworm main\ndeb http://b.debian.org/debian bookworm main", "http://b.debian.org/debian")]
    [InlineData("# deb http://a.debian.org/debian bookworm main\n\tdeb\thttp://b.debian.org/debian\tbookworm\tmain\r\n", "http://b.debian.org/debian")]
    [InlineData("deb http://a.debian.org/debian-security bookworm-security main\ndeb http://a.debian.org/debian bookworm main", "http://a.debian.org/debian")]
    [InlineData("deb http://a.debian.org/debian trixie main\ndeb http://b.debian.org/debian bookworm main", "http://b.debian.org/debian")]
    public async Task PrintSource_OneLineList_IsDebiansMainArchive(string list, string expected) =>
        Assert.Equal((0, expected + "\n", string.Empty), await SourceAsync(("sources.list", list)));

    [Theory]
    [InlineData("Types: deb\n# an older one\nURIs: http://deb.debian.org/debian\nSuites: bookworm bookworm-updates\nComponents: main\n", "http://deb.debian.org/debian")]
    [InlineData("types: deb deb-src\nuris: https://mirror.example/os/\nsuites: bookworm\ncomponents: main contrib\nsigned-by: /usr/share/keyrings/debian-archive-keyring.gpg", "https://mirror.example/os")]
    [InlineData("Types: deb\nURIs:\n http://a.debian.org/debian\n http://b.debian.org/debian\nSuites:\n bookworm-updates\n bookworm\nComponents:\n main\n", "http://a.debian.org/debian")]
    [InlineData("Enabled: no\nTypes: deb\nURIs: http://a.debian.org/debian\nSuites: bookworm\nComponents: main\n \n\nTypes: deb\nURIs: http://b.debian.org/debian\nSuites: bookworm\nComponents: main\r\n", "http://b.debian.org/debian")]
    [InlineData("Types: deb-src\nURIs: http://a.debian.org/debian\nSuites: bookworm\nComponents: main\n\nTypes: deb\nURIs: http://b.debian.org/debian\nSuites: bookworm\nComponents: main", "http://b.debian.org/debian")]
    public async Task PrintSource_Deb822Sources_IsDebiansMainArchive(string sources, string expected) =>
        Assert.Equal((0, expected + "\n", string.Empty), await SourceAsync(("sources.list.d/debian.sources", sources)));

    [Fact]
    public async Task PrintSource_OtherVendorsBefore_AreNotTaken() =>
        Assert.Equal(
            (0, "https://mirror.example/debian\n", string.Empty),
            await SourceAsync(
                ("sources.list.d/a.list", "deb https://vendor.example/apt/debian bookworm vendor\ndeb [signed-by=/etc/apt/keyrings/vendor.gpg] https://vendor.example/debian bookworm main"),
                ("sources.list.d/b.sources", "Types: deb\nURIs: https://packages.example/debian/12/prod\nSuites: bookworm\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n"),
                ("sources.list.d/c.list", "deb https://vendor.example/apt cloud-bookworm main"),
                ("sources.list.d/d.sources.disabled", "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: bookworm\nComponents: main\n"),
                ("sources.list.d/e.sources", "Types: deb\nURIs: https://mirror.example/debian\nSuites: bookworm\nComponents: main\n")));

    [Fact]
    public async Task PrintSource_ListOfMirrors_IsItsFirst() =>
        Assert.Equal(
            (0, "https://deb.debian.org/debian\n", string.Empty),
            await SourceAsync(
                ("sources.list.d/debian.sources", "Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm\nComponents: main\n"),
                ("mirrors/debian.list", "# Debian\nhttps://deb.debian.org/debian\n")));

    [Fact]
    public async Task PrintSource_KeyringOfDebian_GoesBeforeAPathLikeIt() =>
        Assert.Equal(
            (0, "https://mirror.example/os\n", string.Empty),
            await SourceAsync(
                ("sources.list.d/a.list", "deb https://vendor.example/debian bookworm main"),
                ("sources.list.d/b.list", "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://mirror.example/os bookworm main")));

    [Theory]
    [InlineData("")]
    [InlineData("deb http://archive.example/ubuntu noble main universe")]
    [InlineData("deb cdrom:[Debian GNU/Linux 12]/ bookworm main")]
    public async Task PrintSource_NoneOfDebian_SaysSoInOneLine(string list)
    {
        var run = await SourceAsync(("sources.list", list));

        Assert.Equal((77, $"skipped: no source of Debian's main archive for 'bookworm' was found in {_folder.FullName}\n", string.Empty), run);
    }

    [Fact]
    public async Task Run_WithoutRootOrDebootstrap_SaysSoInOneLine()
    {
        var commands = Path.Combine(_folder.FullName, "commands");
        Directory.CreateDirectory(commands);
        foreach (var command in new[] { "awk", "cut", "dirname", "id", "readlink", "sort" })
        {
            var found = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, command)).First(File.Exists);
            File.CreateSymbolicLink(Path.Combine(commands, command), found);
        }

        await WriteAsync("sources.list", "deb http://deb.debian.org/debian bookworm main");

        var run = await Shell.RunAsync(
            _folder.FullName, [Script, "--apt-dir", _folder.FullName, "--codename", "bookworm"], commands, Token);

        Assert.Equal((77, string.Empty), (run.ExitCode, run.Error));
        Assert.Matches(@"^skipped: (root is needed|'debootstrap' is not installed).*\n$", run.Output);
    }

    [Theory]
    [InlineData("--no-such")]
    [InlineData("--root")]
    [InlineData("--nuget-cache", "/no/such")]
    [InlineData("--enter", "/no/such")]
    public async Task Run_WrongUsage_IsNamed(params string[] arguments)
    {
        var run = await Shell.RunAsync(_folder.FullName, [Script, .. arguments], cancellationToken: Token);

        Assert.Equal((2, string.Empty), (run.ExitCode, run.Output));
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(arguments[^1], run.Error, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, string Output, string Error)> SourceAsync(params (string Name, string Text)[] files)
    {
        foreach (var (name, text) in files)
        {
            await WriteAsync(name, text);
        }

        return await Shell.RunAsync(
            _folder.FullName, [Script, "--print-source", "--apt-dir", _folder.FullName, "--codename", "bookworm"], cancellationToken: Token);
    }

    private async Task WriteAsync(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, text, Token);
    }
}
