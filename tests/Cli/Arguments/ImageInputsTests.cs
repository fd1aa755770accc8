using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Tests.Arguments;

public sealed class ImageInputsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ImageInputsTests()
    {
        foreach (var name in new[] { "a/1.jpg", "a/deep/2.png", "a/notes.txt", "a/deep/2.png.annotated.jpg", "b/3.jpg", "b/raw.dat" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
            File.WriteAllText(_folder.File(name), "x");
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Find_OneFolder_IsNamedFromThatFolder() =>
        Assert.Equal(["1.jpg", "deep/2.png", "deep/2.png.annotated.jpg"], (await FindAsync([_folder.File("a")])).Files);

    [Fact]
    public async Task Find_SeveralInputs_AreNamedFromWhatTheyHaveInCommonAndTakenOnce()
    {
        var found = await FindAsync([_folder.File("b"), _folder.File("b/3.jpg"), _folder.File("a/deep")]);

        Assert.Equal(["a/deep/2.png", "a/deep/2.png.annotated.jpg", "b/3.jpg"], found.Files);
        Assert.Equal(Path.TrimEndingDirectorySeparator(_folder.Path), found.Root);
        Assert.Equal(1, found.Ignored);
    }

    [Theory]
    [InlineData("a/**/*.png", "deep/2.png")]
    [InlineData("a/*", "1.jpg,notes.txt")]
    [InlineData("b/*.dat", "raw.dat")]
    [InlineData("*/1.jpg", "a/1.jpg")]
    public async Task Find_Glob_TakesWhatItNamesButNoPictureOfOurs(string glob, string expected) =>
        Assert.Equal(expected.Split(','), (await FindAsync([_folder.File(glob)])).Files);

    [Fact]
    public async Task Find_Lists_OfAFileAndOfStandardInput_AreNames()
    {
        File.WriteAllLines(_folder.File("names.txt"), [_folder.File("a/1.jpg"), "", _folder.File("b/gone with space.jpg")]);

        var found = await FindAsync(
            [$"@{_folder.File("names.txt")}"], lists: ["-"], standardInput: new StringReader(_folder.File("b/raw.dat") + "\r\n"));

        // One that is not there is a failure of its own later.
        Assert.Equal(["a/1.jpg", "b/gone with space.jpg", "b/raw.dat"], found.Files);
    }

    [Fact]
    public async Task Find_GlobThatHasTheOutputInIt_LeavesThatOut() =>
        Assert.Equal(["a/1.jpg"], (await FindAsync([_folder.File("**/*.jpg")], "b")).Files);

    [Theory]
    [InlineData("a/**/*.jpg", "1.jpg")]
    [InlineData("a/**/.kept/*.jpg", ".kept/4.jpg")]
    [InlineData("a/.kept/*.jpg", "4.jpg")]
    public async Task Find_HiddenNames_AreTakenWhereTheGlobHasOne(string glob, string expected)
    {
        Directory.CreateDirectory(_folder.File("a/.kept"));
        File.WriteAllText(_folder.File("a/.kept/4.jpg"), "x");
        File.WriteAllText(_folder.File("a/.5.jpg"), "x");

        Assert.Equal([expected], (await FindAsync([_folder.File(glob)])).Files);
    }

    /// <summary>A link to a folder above would name each image again and again.</summary>
    [Fact]
    public async Task Find_GlobOverLinks_FollowsEachFolderOnce()
    {
        Directory.CreateSymbolicLink(_folder.File("a", "deep", "up"), _folder.File("a"));
        Directory.CreateSymbolicLink(_folder.File("a", "deep", "self"), ".");
        File.CreateSymbolicLink(_folder.File("a", "dangling.jpg"), "/nowhere/x.jpg");

        Assert.Equal(["1.jpg", "dangling.jpg", "deep/2.png", "notes.txt"], (await FindAsync([_folder.File("a/**/*")])).Files);
    }

    /// <summary>A folder that cannot be listed is a name that cannot be read, as in the search of a whole folder.</summary>
    [Fact]
    public void GlobFolder_ThatCannotBeListed_IsNamed()
    {
        var root = new GlobFolder(_folder.File("a"), "**/*");
        var deep = Assert.IsType<GlobFolder>(root.EnumerateFileSystemInfos().Single(entry => entry.Name == "deep"));
        Directory.Delete(_folder.File("a", "deep"), recursive: true);

        Assert.Empty(deep.EnumerateFileSystemInfos());
        Assert.Equal([_folder.File("a", "deep")], root.Unreadable);
        Assert.Throws<DirectoryNotFoundException>(() => new GlobFolder(_folder.File("gone"), "*").EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task Find_GlobOverTheOutput_TakesNoResultOfOurs()
    {
        foreach (var name in new[] { "a/1.jpg.json", "a/deep/2.png.json", "a/own.json" })
        {
            File.WriteAllText(_folder.File(name), "{}");
        }

        Assert.Equal(
            ["1.jpg", "deep/2.png", "notes.txt", "own.json"],
            (await FindAsync([_folder.File("a/**/*")], "a")).Files);
        Assert.Equal(
            ["3.jpg"], (await FindAsync([_folder.File("b/*")], "b/raw.dat")).Files);
    }

    [Theory]
    [InlineData("no_images", "a/*.tiff")]
    [InlineData("file_not_found", "gone/*.jpg")]
    [InlineData("file_not_found", "gone")]
    public async Task Find_Nothing_FailsByName(string code, string input) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<CliException>(() => FindAsync([_folder.File(input)]))).Code);

    [Fact]
    public async Task Find_ListThatIsNone_FailsByName()
    {
        Assert.Equal("file_not_found", (await Assert.ThrowsAsync<CliException>(() => FindAsync([$"@{_folder.File("gone.txt")}"]))).Code);
        Assert.Equal(
            "no_images", (await Assert.ThrowsAsync<CliException>(() => FindAsync([], lists: ["-"]))).Code);
    }

    private Task<ImageFiles> FindAsync(string[] inputs, string except = "out", string[]? lists = null, TextReader? standardInput = null) =>
        ImageInputs.FindAsync(
            inputs, lists ?? [], _folder.File(except), standardInput ?? TextReader.Null, TestContext.Current.CancellationToken);
}
