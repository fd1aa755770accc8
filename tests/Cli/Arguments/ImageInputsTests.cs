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
    public void Find_OneFolder_IsNamedFromThatFolder() =>
        Assert.Equal(["1.jpg", "deep/2.png", "deep/2.png.annotated.jpg"], Find([_folder.File("a")]).Files);

    [Fact]
    public void Find_SeveralInputs_AreNamedFromWhatTheyHaveInCommonAndTakenOnce()
    {
        var found = Find([_folder.File("b"), _folder.File("b/3.jpg"), _folder.File("a/deep")]);

        Assert.Equal(["a/deep/2.png", "a/deep/2.png.annotated.jpg", "b/3.jpg"], found.Files);
        Assert.Equal(Path.TrimEndingDirectorySeparator(_folder.Path), found.Root);
        Assert.Equal(1, found.Ignored);
    }

    [Theory]
    [InlineData("a/**/*.png", "deep/2.png")]
    [InlineData("a/*", "1.jpg,notes.txt")]
    [InlineData("b/*.dat", "raw.dat")]
    [InlineData("*/1.jpg", "a/1.jpg")]
    public void Find_Glob_TakesWhatItNamesButNoPictureOfOurs(string glob, string expected) =>
        Assert.Equal(expected.Split(','), Find([_folder.File(glob)]).Files);

    [Fact]
    public void Find_Lists_OfAFileAndOfStandardInput_AreNames()
    {
        File.WriteAllLines(_folder.File("names.txt"), [_folder.File("a/1.jpg"), "", _folder.File("b/gone with space.jpg")]);

        var found = ImageInputs.Find(
            [$"@{_folder.File("names.txt")}"], ["-"], _folder.File("out"), new StringReader(_folder.File("b/raw.dat") + "\r\n"), TestContext.Current.CancellationToken);

        // One that is not there is a failure of its own later.
        Assert.Equal(["a/1.jpg", "b/gone with space.jpg", "b/raw.dat"], found.Files);
    }

    [Fact]
    public void Find_GlobThatHasTheOutputInIt_LeavesThatOut() =>
        Assert.Equal(["a/1.jpg"], ImageInputs.Find([_folder.File("**/*.jpg")], [], _folder.File("b"), TextReader.Null, TestContext.Current.CancellationToken).Files);

    /// <summary>A link to a folder above would name each image again and again.</summary>
    [Fact]
    public void Find_GlobOverLinks_FollowsEachFolderOnce()
    {
        Directory.CreateSymbolicLink(_folder.File("a", "deep", "up"), _folder.File("a"));
        Directory.CreateSymbolicLink(_folder.File("a", "deep", "self"), ".");
        File.CreateSymbolicLink(_folder.File("a", "dangling.jpg"), "/nowhere/x.jpg");

        Assert.Equal(["1.jpg", "dangling.jpg", "deep/2.png", "notes.txt"], Find([_folder.File("a/**/*")]).Files);
    }

    /// <summary>A folder that cannot be listed is a name that cannot be read, as in the search of a whole folder.</summary>
    [Fact]
    public void GlobFolder_ThatCannotBeListed_IsNamed()
    {
        var root = new GlobFolder(_folder.File("a"));
        var deep = Assert.IsType<GlobFolder>(root.EnumerateFileSystemInfos().Single(entry => entry.Name == "deep"));
        Directory.Delete(_folder.File("a", "deep"), recursive: true);

        Assert.Empty(deep.EnumerateFileSystemInfos());
        Assert.Equal([_folder.File("a", "deep")], root.Unreadable);
        Assert.Throws<DirectoryNotFoundException>(() => new GlobFolder(_folder.File("gone")).EnumerateFileSystemInfos());
    }

    [Fact]
    public void Find_GlobOverTheOutput_TakesNoResultOfOurs()
    {
        foreach (var name in new[] { "a/1.jpg.json", "a/deep/2.png.json", "a/own.json" })
        {
            File.WriteAllText(_folder.File(name), "{}");
        }

        Assert.Equal(
            ["1.jpg", "deep/2.png", "notes.txt", "own.json"],
            ImageInputs.Find([_folder.File("a/**/*")], [], _folder.File("a"), TextReader.Null, TestContext.Current.CancellationToken).Files);
        Assert.Equal(
            ["3.jpg"], ImageInputs.Find([_folder.File("b/*")], [], _folder.File("b/raw.dat"), TextReader.Null, TestContext.Current.CancellationToken).Files);
    }

    [Theory]
    [InlineData("no_images", "a/*.tiff")]
    [InlineData("file_not_found", "gone/*.jpg")]
    [InlineData("file_not_found", "gone")]
    public void Find_Nothing_FailsByName(string code, string input) =>
        Assert.Equal(code, Assert.Throws<CliException>(() => Find([_folder.File(input)])).Code);

    [Fact]
    public void Find_ListThatIsNone_FailsByName()
    {
        Assert.Equal("file_not_found", Assert.Throws<CliException>(() => Find([$"@{_folder.File("gone.txt")}"])).Code);
        Assert.Equal(
            "no_images", Assert.Throws<CliException>(() => ImageInputs.Find([], ["-"], _folder.File("out"), TextReader.Null, TestContext.Current.CancellationToken)).Code);
    }

    private ImageFiles Find(string[] inputs) => ImageInputs.Find(inputs, [], _folder.File("out"), TextReader.Null, TestContext.Current.CancellationToken);
}
