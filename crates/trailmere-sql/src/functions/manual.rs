//! Which functions has Trino's manual, and what becomes of those that are not in the list?
//!
//! `docs/COMPAT.md` is made from this and the list; a call of what is left out says why.

/// A chapter of the manual: its title, the names of its functions.
pub type Chapter = (&'static str, &'static str);

/// The manual's functions by chapter; IP addresses, whose functions stand elsewhere in the manual, have one of their own.
pub const CHAPTERS: &[Chapter] = &[
    (
        "Aggregate",
        "any_value approx_distinct approx_most_frequent approx_percentile arbitrary array_agg avg bitwise_and_agg \
         bitwise_or_agg bitwise_xor_agg bool_and bool_or checksum corr count count_if covar_pop covar_samp every \
         geometric_mean histogram kurtosis listagg map_agg map_union max max_by min min_by multimap_agg \
         numeric_histogram reduce_agg regr_intercept regr_slope skewness stddev stddev_pop stddev_samp sum variance \
         var_pop var_samp",
    ),
    (
        "Array",
        "all_match any_match array_distinct array_except array_first array_histogram array_intersect array_join \
         array_last array_max array_min array_position array_remove array_sort array_union arrays_overlap cardinality \
         combinations concat contains contains_sequence element_at filter flatten ngrams none_match reduce repeat \
         reverse sequence shuffle slice transform trim_array zip zip_with",
    ),
    (
        "Binary",
        "crc32 from_base32 from_base64 from_base64url from_big_endian_32 from_big_endian_64 from_hex from_ieee754_32 \
         from_ieee754_64 hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512 md5 murmur3 sha1 sha256 sha512 \
         spooky_hash_v2_32 spooky_hash_v2_64 to_base32 to_base64 to_base64url to_big_endian_32 to_big_endian_64 to_hex \
         to_ieee754_32 to_ieee754_64 xxhash64",
    ),
    (
        "Bitwise",
        "bit_count bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift \
         bitwise_right_shift_arithmetic bitwise_xor",
    ),
    ("Color", "bar color render rgb"),
    ("Comparison", "greatest least"),
    ("Conditional", "case coalesce if nullif try"),
    ("Conversion", "cast format format_number parse_data_size try_cast typeof"),
    ("DataSketches", "theta_sketch_cardinality theta_sketch_union"),
    (
        "Date and time",
        "at_timezone current_date current_time current_timestamp current_timezone date date_add date_diff date_format \
         date_parse date_trunc day day_of_month day_of_week day_of_year dow doy extract format_datetime \
         from_iso8601_date from_iso8601_timestamp from_iso8601_timestamp_nanos from_unixtime from_unixtime_nanos hour \
         human_readable_seconds last_day_of_month localtime localtimestamp millisecond minute month now \
         parse_datetime parse_duration quarter second timezone timezone_hour timezone_minute to_iso8601 \
         to_milliseconds to_unixtime week week_of_year with_timezone year year_of_week yow",
    ),
    ("Geospatial", GEOSPATIAL),
    ("HyperLogLog", "approx_set empty_approx_set merge"),
    ("IP address", "contains ip_prefix ip_subnet_max ip_subnet_min ip_subnet_range is_subnet_of"),
    (
        "JSON",
        "is_json_scalar json json_array json_array_contains json_array_get json_array_length json_exists json_extract \
         json_extract_scalar json_format json_object json_parse json_query json_scalar json_serialize json_size \
         json_table json_value",
    ),
    ("Machine learning", MACHINE_LEARNING),
    (
        "Map",
        "map map_concat map_entries map_filter map_from_entries map_keys map_values map_zip_with \
         multimap_from_entries transform_keys transform_values",
    ),
    (
        "Math",
        "abs acos asin atan atan2 beta_cdf cbrt ceil ceiling cos cosh cosine_distance cosine_similarity degrees \
         dot_product e euclidean_distance exp floor from_base infinity inverse_beta_cdf inverse_normal_cdf is_finite \
         is_infinite is_nan ln log log10 log2 mod nan normal_cdf pi pow power radians rand random round sign sin sinh \
         sqrt t_cdf t_pdf tan tanh to_base truncate width_bucket wilson_interval_lower wilson_interval_upper",
    ),
    ("Multiset", MULTISET),
    ("Quantile digest and T-digest", "merge qdigest_agg tdigest_agg value_at_quantile values_at_quantiles"),
    (
        "Regular expression",
        "regexp_count regexp_extract regexp_extract_all regexp_like regexp_position regexp_replace regexp_split",
    ),
    ("Row", "fields"),
    ("Row pattern recognition", "classifier first last match_number next permute prev"),
    ("Session and system", SESSION),
    ("Set digest", SET_DIGEST),
    (
        "String",
        "chr codepoint concat concat_ws ends_with from_utf8 hamming_distance length levenshtein_distance lower lpad \
         ltrim luhn_check normalize position replace reverse rpad rtrim soundex split split_part split_to_map \
         split_to_multimap starts_with strpos substr substring title_case to_utf8 translate trim upper word_stem",
    ),
    ("Table", "exclude_columns sequence"),
    ("Teradata", TERADATA),
    (
        "URL",
        "url_decode url_encode url_extract_fragment url_extract_host url_extract_parameter url_extract_path \
         url_extract_port url_extract_protocol url_extract_query",
    ),
    ("UUID", "uuid"),
    ("Window", "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number"),
    ("Of connectors", CONNECTORS),
];

/// What is syntax, or known to the analyzer, and so stands in no list.
pub const FORMS: &str = "case cast classifier coalesce current_date current_time current_timestamp current_timezone \
     exclude_columns extract first grouping if json_array json_exists json_object json_query json_table json_value last \
     localtime localtimestamp match_number next now nullif permute position prev try try_cast typeof";

const GEOSPATIAL: &str = "bing_tile bing_tile_at bing_tile_coordinates bing_tile_polygon bing_tile_quadkey \
     bing_tile_zoom_level bing_tiles_around convex_hull_agg from_encoded_polyline from_geojson_geometry \
     geometry_collect_agg geometry_from_hadoop_shape geometry_invalid_reason geometry_nearest_points \
     geometry_to_bing_tiles geometry_union geometry_union_agg great_circle_distance line_interpolate_point \
     line_interpolate_points line_locate_point simplify_geometry spatial_partitioning spatial_partitions st_area \
     st_asbinary st_asewkb st_asewkt st_astext st_boundary st_buffer st_centroid st_collect st_contains st_convexhull \
     st_coorddim st_crosses st_difference st_dimension st_disjoint st_distance st_endpoint st_envelope \
     st_envelopeaspts st_equals st_exteriorring st_force2d st_force3d st_geometries st_geometryfromtext st_geometryn \
     st_geometrytype st_geomfrombinary st_geomfromewkt st_geomfromkml st_interiorringn st_interiorrings \
     st_intersection st_intersects st_isclosed st_isempty st_isring st_issimple st_isvalid st_length \
     st_linefromtext st_linemerge st_linestring st_makeline st_makepolygon st_minimumboundingcircle st_multi \
     st_multipoint st_normalize st_numgeometries st_numinteriorring st_numpoints st_orientedenvelope st_overlaps \
     st_point st_pointn st_pointonsurface st_points st_polygon st_polygonize st_reduceprecision st_relate st_setsrid \
     st_srid st_startpoint st_symdifference st_touches st_transform st_union st_voronoipolygons st_within st_x \
     st_xmax st_xmin st_y st_ymax st_ymin st_z to_encoded_polyline to_geojson_geometry to_geometry \
     to_spherical_geography";

const MACHINE_LEARNING: &str = "classify evaluate_classifier_predictions features learn_classifier \
     learn_libsvm_classifier learn_libsvm_regressor learn_regressor regress";

const MULTISET: &str = "collect element fusion intersection set";

const SESSION: &str = "current_catalog current_groups current_path current_role current_schema current_user version";

const SET_DIGEST: &str = "hash_counts intersection_cardinality jaccard_index make_set_digest merge_set_digest";

const TERADATA: &str = "char2hexint index to_char to_date to_timestamp";

const CONNECTORS: &str = "objectid objectid_timestamp query random_string raw_query table_changes timestamp_objectid";

/// A function of the manual that is not here.
#[derive(Debug, Clone, Copy)]
pub struct LeftOut {
    /// Why.
    pub reason: &'static str,
    /// What to do instead; empty where there is nothing.
    pub instead: &'static str,
}

/// Names, why they are left out, and what to do instead.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    (GEOSPATIAL, "geospatial functions are left out", ""),
    (MACHINE_LEARNING, "machine learning functions are left out", ""),
    (MULTISET, "multisets are left out; they are newer than Trino 483", "use arrays: array_agg, array_distinct"),
    (SESSION, "a lake has no session, user or catalog", ""),
    (SET_DIGEST, "set digests are left out", "use approx_distinct, approx_set, or array_intersect of array_agg"),
    ("char2hexint", "Teradata's functions are left out", "use to_hex(to_utf8(…))"),
    ("index", "Teradata's functions are left out", "use strpos"),
    ("to_char", "Teradata's functions are left out", "use date_format or format_datetime"),
    ("to_date", "Teradata's functions are left out", "use CAST(date_parse(text, pattern) AS date)"),
    ("to_timestamp", "Teradata's functions are left out", "use date_parse, parse_datetime or from_iso8601_timestamp"),
    (CONNECTORS, "functions of connectors are left out: every table here is a store of the lake", ""),
    ("theta_sketch_cardinality theta_sketch_union", "DataSketches are left out", "use approx_distinct or approx_set"),
    ("fields", "`ROW::fields` is newer than Trino 483 and left out", "DESCRIBE shows a table's rows"),
    ("json", "the constructor JSON() is newer than Trino 483 and left out", "use json_parse"),
    ("json_scalar", "newer than Trino 483 and left out", "use CAST(x AS json)"),
    ("json_serialize", "newer than Trino 483 and left out", "use json_format"),
];

/// Where a function here differs from Trino's.
pub const DIFFERENCES: &[(&str, &str)] = &[
    (
        "approx_distinct",
        "exact up to 512 values; from there another estimate than Trino's, with a standard error of 1.6 % where Trino's \
         default is 2.3 %",
    ),
    ("approx_set", "the sketch is of this engine's own form: Trino cannot read it, nor this engine Trino's"),
    ("approx_percentile", "a t-digest that is exact up to 4,096 values; from there another estimate than Trino's"),
    ("approx_most_frequent", "exact, where Trino estimates beyond the capacity"),
    ("qdigest_agg", "the digest is of this engine's own form: Trino cannot read it, nor this engine Trino's"),
    ("tdigest_agg", "the digest is of this engine's own form: Trino cannot read it, nor this engine Trino's"),
    (
        "checksum",
        "tells equal sets from unequal ones; the value is Trino's for numbers and text, another for arrays, maps and rows",
    ),
    ("current_timezone", "always `UTC`: a session has no other zone"),
    ("localtime", "in UTC: a session has no other zone"),
    ("localtimestamp", "in UTC: a session has no other zone"),
    (
        "regexp_like",
        "Java's syntax but for `\\G`, conditions in lookbehind of unbounded length, and Unicode blocks by name; a search \
         that backtracks more than two million steps is an error",
    ),
    ("word_stem", "Catalan, Basque, Armenian, Irish and Lithuanian (`ca`, `eu`, `hy`, `ir`, `lt`) are left out"),
];

/// Why a function of Trino's manual is not here, if that is so.
pub fn left_out(name: &str) -> Option<LeftOut> {
    let found = LEFT_OUT.iter().find(|(names, ..)| names.split_whitespace().any(|n| n.eq_ignore_ascii_case(name)));
    found.map(|(_, reason, instead)| LeftOut { reason, instead })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::lookup;

    #[test]
    fn every_function_of_the_manual_is_here_or_left_out_with_a_reason() {
        let mut unknown = vec![];
        for (chapter, names) in CHAPTERS {
            for name in names.split_whitespace() {
                let form = FORMS.split_whitespace().any(|f| f == name);
                let here = lookup(name).is_some() || form;
                if here == left_out(name).is_some() {
                    unknown.push(format!("{chapter}: {name}"));
                }
            }
        }
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn differences_are_of_functions_that_are_here() {
        for (name, _) in DIFFERENCES {
            let form = FORMS.split_whitespace().any(|f| f == *name);
            assert!(lookup(name).is_some() || form, "{name}");
        }
    }
}
