using System.Reflection;
using Nanodet.Checkpoints.Export;
using Nanodet.Serverless.TestKit;
using NetArchTest.Rules;

namespace Nanodet.Serverless.Checkpoints.Tests;

/// <summary>Checkpoints turns bytes into bytes: the arrows of the design that begin here.</summary>
public class ArchitectureTests
{
    private static readonly Assembly Checkpoints = typeof(ModelExporter).Assembly;

    [Fact]
    public void Rooms_FormNoCircle() => RoomGraphAssert.NoCircle(RoomGraph.Read(Checkpoints));

    [Fact]
    public void Checkpoints_ReferencesNothingButItsLibraries() => Assert.Equal(
        ["Google.Protobuf", "OnnxSharp", "YamlDotNet"],
        Checkpoints.GetReferencedAssemblies().Select(reference => reference.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && name is not ("System" or "mscorlib" or "netstandard"))
            .Order());

    [Theory]
    [InlineData("System.Net")]
    [InlineData("System.Diagnostics.Process")]
    [InlineData("System.Runtime.InteropServices.DllImport")]
    [InlineData("System.Reflection.Emit")]
    [InlineData("System.IO.File")]
    [InlineData("System.IO.FileStream")]
    [InlineData("System.IO.Directory")]
    [InlineData("Azure")]
    [InlineData("Microsoft.ML")]
    [InlineData("Nanodet.Detection")]
    [InlineData("Nanodet.Serverless.Pipeline")]
    [InlineData("Nanodet.Serverless.Functions")]
    [InlineData("Nanodet.Serverless.Cli")]
    public void Checkpoints_Types_DoNotUse(string forbidden)
    {
        var result = Types.InAssembly(Checkpoints).ShouldNot().HaveDependencyOnAny(forbidden).GetResult();

        Assert.True(result.IsSuccessful, string.Join(", ", result.FailingTypes.Select(type => type.FullName)));
    }

    [Fact]
    public void Rule_WhatIsUsed_IsFound()
    {
        // The rule of the test above has to see what it forbids.
        var result = Types.InAssembly(Checkpoints).ShouldNot().HaveDependencyOnAny("System.IO.Compression").GetResult();

        Assert.False(result.IsSuccessful);
        Assert.Contains("Nanodet.Checkpoints.Torch.TorchArchive", result.FailingTypes.Select(type => type.FullName));
    }

    [Fact]
    public void Checkpoints_ReferencesNoNetworkAssembly() => Assert.DoesNotContain(
        Checkpoints.GetReferencedAssemblies(), reference => reference.Name!.StartsWith("System.Net", StringComparison.Ordinal));

    [Fact]
    public void Checkpoints_ConcreteClasses_AreSealed()
    {
        var open = Checkpoints.GetTypes().Where(type =>
            type is { IsClass: true, IsAbstract: false, IsSealed: false, IsNested: false } && type.Namespace!.StartsWith("Nanodet.", StringComparison.Ordinal));

        Assert.Empty(open);
    }
}
