using System.Xml.Linq;

namespace Nanodet.Serverless.Infra.Tests.Image;

/// <summary>
/// The Dockerfile restores before it copies the sources, so that a change of code does not restore again. So each file that restoring reads
/// has to be copied before: project files, what they import, and the projects that they reference.
/// </summary>
public sealed class RestoreTests
{
    private static readonly string[] Read =
        [.. File.ReadLines(Repository.PathOf("Dockerfile")).TakeWhile(line => !line.StartsWith("RUN dotnet restore", StringComparison.Ordinal))];

    private static readonly string[] Copied =
    [
        .. Read.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..^1]),
    ];

    private static readonly string[] Projects = [.. Copied.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal))];

    [Fact]
    public void Copied_FilesAndFolders_Exist()
    {
        Assert.Contains("src/Functions/Functions.csproj", Projects);
        Assert.All(Copied, path => Assert.True(Path.Exists(Repository.PathOf(path)), $"the Dockerfile copies '{path}', which is not there"));
    }

    [Fact]
    public void EachProject_WhatItImportsAndReferences_IsCopiedBeforeTheRestore()
    {
        var missing =
            from file in Projects.Concat(Copied.Where(path => Path.GetExtension(path) is ".props" or ".targets"))
            let folder = Path.GetDirectoryName(Repository.PathOf(file))!
            from element in XDocument.Load(Repository.PathOf(file)).Descendants()
            let target = element.Name.LocalName switch
            {
                "Import" => element.Attribute("Project")?.Value,
                "ProjectReference" => element.Attribute("Include")?.Value,
                _ => null,
            }
            where target is not null && !target.Contains("$(", StringComparison.Ordinal)
            let path = Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(folder, target))).Replace('\\', '/')
            where !Copied.Any(copied => path == copied || (copied.EndsWith('/') && path.StartsWith(copied, StringComparison.Ordinal)))
            select $"{file} needs {path}";

        Assert.Empty(missing);
    }
}
