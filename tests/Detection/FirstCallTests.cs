using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Serverless.Detection.Tests;

/// <summary>
/// The loops over an image's pixels and points are compiled with all optimisations when they are called first. Without that the runtime
/// begins with code where each vector operation is a call: the first images of a new worker took a hundred times as long to warp.
/// </summary>
public sealed class FirstCallTests
{
    private const MethodImplAttributes AtOnce = MethodImplAttributes.AggressiveOptimization | MethodImplAttributes.AggressiveInlining;

    // What only asks what the processor has.
    private static readonly string[] Questions = ["get_IsSupported", "get_IsHardwareAccelerated", "CpuId"];

    // Where this test looks away from these, it does not see others.
    private static readonly string[] KnownVectorCode =
    [
        "RowBlender.Blend", "RowSampler.SampleInVectors", "Normalizer.Of", "ScoreScan.NextAbove", "BinMean.OfEight", "KeptBoxes.Suppresses",
        "PixelConversion.FromRgb",
    ];

    [Fact]
    public void VectorCode_IsOptimizedAtItsFirstCall()
    {
        var found = new List<string>();
        var slow = new List<string>();
        using var file = new PEReader(File.OpenRead(typeof(Detector).Assembly.Location));
        var metadata = file.GetMetadataReader();
        foreach (var method in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition))
        {
            var type = metadata.GetTypeDefinition(method.GetDeclaringType());
            var name = $"{metadata.GetString(type.Name)}.{metadata.GetString(method.Name)}";
            if (method.RelativeVirtualAddress == 0 || !UsesVectors(metadata, file.GetMethodBody(method.RelativeVirtualAddress)))
            {
                continue;
            }

            found.Add(name);
            if ((method.ImplAttributes & AtOnce) == 0)
            {
                slow.Add(name);
            }
        }

        Assert.Superset(KnownVectorCode.ToHashSet(), found.ToHashSet());
        Assert.True(slow.Count == 0, $"Expected AggressiveOptimization or AggressiveInlining at {string.Join(", ", slow)}.");
    }

    [Theory]
    [InlineData(typeof(Preprocessor), "Write")]
    [InlineData(typeof(Preprocessor), "FindColumns")]
    [InlineData(typeof(RowSampler), "ScalarSample")]
    [InlineData(typeof(BoxDecoder), "Decode")]
    [InlineData(typeof(PixelConversion), "From")]
    [InlineData(typeof(PixelConversion), "Upper8")]
    [InlineData(typeof(PixelConversion), "Nearest8")]
    public void Loops_WithoutVectors_AreOptimizedAtTheirFirstCall(Type type, string begin)
    {
        const BindingFlags all =
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        MethodInfo[] loops =
        [
            .. type.GetMethods(all).Where(method => method.Name.StartsWith(begin, StringComparison.Ordinal) && HasLoop(method)),
        ];

        Assert.NotEmpty(loops);
        Assert.All(loops, loop => Assert.True(
            loop.MethodImplementationFlags.HasFlag(MethodImplAttributes.AggressiveOptimization), $"Expected AggressiveOptimization at {loop}."));
    }

    /// <summary>A loop counts in a local variable; an overload that only calls another one has none.</summary>
    private static bool HasLoop(MethodInfo method) => method.GetMethodBody() is { LocalVariables.Count: > 0 };

    private static bool UsesVectors(MetadataReader metadata, MethodBodyBlock body)
    {
        // Instructions differ in length, so every byte is taken for a call's: what follows is looked up, and is hardly ever a method by chance.
        var code = body.GetILReader();
        for (var place = 0; place + sizeof(int) < code.Length; place++)
        {
            code.Offset = place;
            if (code.ReadByte() is not ((byte)ILOpCode.Call or (byte)ILOpCode.Callvirt))
            {
                continue;
            }

            var token = code.ReadInt32();
            if (IsOfVectors(metadata, token))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOfVectors(MetadataReader metadata, int token)
    {
        var handle = (token >>> 24) is 0x0A or 0x2B ? MetadataTokens.EntityHandle(token) : default;
        if (handle.Kind == HandleKind.MethodSpecification
            && MetadataTokens.GetRowNumber(handle) <= metadata.GetTableRowCount(TableIndex.MethodSpec))
        {
            handle = metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method;
        }

        if (handle.Kind != HandleKind.MemberReference
            || MetadataTokens.GetRowNumber(handle) > metadata.GetTableRowCount(TableIndex.MemberRef))
        {
            return false;
        }

        var member = metadata.GetMemberReference((MemberReferenceHandle)handle);
        return member.Parent.Kind == HandleKind.TypeReference
            && metadata.GetTypeReference((TypeReferenceHandle)member.Parent) is var type
            && metadata.GetString(type.Namespace).StartsWith("System.Runtime.Intrinsics", StringComparison.Ordinal)
            && !Questions.Contains(metadata.GetString(member.Name));
    }
}
